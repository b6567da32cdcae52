"""The verification service: queue, engine, stages, judge's verdict, evidence, reports. Never loads a design."""
