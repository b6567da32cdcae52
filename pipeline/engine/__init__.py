"""Use cases: commit first, dispatch after. No SQL, no Celery, no tool."""
