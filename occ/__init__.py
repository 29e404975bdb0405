"""OCC: operations governance for a contact center. See docs/architecture.md."""

from occ.celery import app as celery_app

__all__ = ["celery_app"]
