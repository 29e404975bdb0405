"""What the parts of training share: who adds, how long texts are, the batch's lock."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.people.choices import Role
from sdm.models import TrainingBatch
from sdm.training.workflow import HR

ADDERS = HR | {Role.HR_RECRUITMENT}
NOTE, WHY, REMARK = 500, 2_000, 1_000
MOST = 200  # participants of a batch
CENT = Decimal("0.01")


def text_clean(value: str, most: int, field: str, *, needed: bool = True) -> str:
    value = value.replace("\x00", "").strip()
    if needed and not value:
        raise Invalid(_("Fill this in."), field=field)
    if len(value) > most:
        raise Invalid(_("This is longer than %(n)s characters.") % {"n": most}, field=field)
    return value


def batch_locked(pk: int) -> TrainingBatch:
    return TrainingBatch.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=pk)
