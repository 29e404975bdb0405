from celery import shared_task
from django.utils import timezone

from occ.login.sessions import SessionStore
from occ.people import attempts


@shared_task
def clear() -> int:
    """Sessions that ran out and attempts that count no more."""
    SessionStore.clear_expired()
    return attempts.clear(now=timezone.now())
