from celery import shared_task
from django.utils import timezone

from occ.documents.services import files_sweep


@shared_task
def sweep_files() -> int:
    return files_sweep(now=timezone.now())
