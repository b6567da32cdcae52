"""Programs that run in the sandbox on the judge's side: files in, files out, one module each."""
