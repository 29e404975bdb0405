import uuid

from celery import shared_task
from django.utils import timezone

from occ.jobs import services


@shared_task
def run(job_id: str) -> bool:
    return services.job_run(job_id=uuid.UUID(job_id), now=timezone.now())


@shared_task
def take_up() -> int:
    return services.jobs_take_up(now=timezone.now())


@shared_task
def clear() -> int:
    return services.jobs_clear(now=timezone.now())
