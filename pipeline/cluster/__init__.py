"""Celery lives here and nowhere else. It carries ids; the store decides."""
