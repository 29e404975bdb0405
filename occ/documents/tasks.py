from celery import shared_task
from django.utils import timezone

from occ.documents.countersigning import signatures_settle
from occ.documents.services import files_sweep
from occ.ledger import heartbeats


@shared_task
def sweep_files() -> int:
    return files_sweep(now=timezone.now())


@shared_task
def signatures() -> int:
    now = timezone.now()
    did, parked = signatures_settle(now=now)
    heartbeats.leave("signatures", now=now, did=did, parked=parked)
    return did
