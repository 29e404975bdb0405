from celery import shared_task
from django.utils import timezone

from occ.api.idempotency import answers_clear


@shared_task
def clear() -> int:
    return answers_clear(now=timezone.now())
