"""What is done with one record of the catalogue by hand."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from occ.encryption import Shut
from occ.errors import NotAllowed, WrongState
from occ.ledger.services import record as keep
from occ.people.models import User
from occ.people.scope import has_role
from retention.models import Record
from retention.personal import UNMASKED


@transaction.atomic
def record_customer(*, record_id: int, actor: User, now: datetime) -> str:
    """The customer in full, for who may see it; the ledger keeps that it was read.

    Raises NotAllowed, WrongState (no key opens it).
    """
    record = Record.objects.select_related("site").get(pk=record_id)
    if not has_role(actor, UNMASKED, site=record.site):
        raise NotAllowed
    if isinstance(record.customer, Shut):
        raise WrongState(_("The customer cannot be read: the key is missing. Team IT knows which keys there were."))
    keep(actor=actor, action="record.customer_read", subject=record, data={}, now=now, site=record.site)
    return record.customer
