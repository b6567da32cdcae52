"""What `assay up` does, with scripted stages: tells what happens on stdout, and ends on a signal."""

from __future__ import annotations

import sys

from scripted_app import open_scripted, settings

from pipeline.cluster.supervisor import Kind, run_until_signal


def tell(part: str, what: str) -> None:
    sys.stdout.write(f"{part} {what}\n")
    sys.stdout.flush()


run_until_signal(settings, tell, Kind("scripted_app", open_scripted))
