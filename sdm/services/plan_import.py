"""The plan of personnel from a spreadsheet (SDM-11): per site and position a number from a day on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Invalid
from occ.people.models import Site, User
from occ.people.scope import site_filter
from occ.sheets.reading import Column
from sdm.models import PlanLine, Position
from sdm.services.plan import PLANNERS, plan_set
from sdm.services.row_import import RowImport

COLUMNS = [
    Column("site", gettext_lazy("Site"), required=True, aliases=("Lokasi", "Cabang", "Kode Site")),
    Column("position", gettext_lazy("Position"), required=True, aliases=("Jabatan", "Posisi")),
    Column("planned", gettext_lazy("People planned"), kind="integer", required=True,
           aliases=("Jumlah", "Rencana", "Kebutuhan", "Planned", "Jumlah Personil")),
    Column("starts_on", gettext_lazy("From"), kind="date", required=True,
           aliases=("Berlaku Mulai", "Mulai", "Sejak", "Tanggal Berlaku")),
    Column("reason", gettext_lazy("Why"), required=True, aliases=("Alasan", "Keterangan", "Reason", "Dasar")),
]  # fmt: skip


def bring(value: dict[str, Any], actor: User, now: datetime) -> bool:
    site, position = _site(value["site"], actor), _position(value["position"])
    number, starts_on = int(value["planned"]), value["starts_on"]
    last = PlanLine.objects.filter(site=site, position=position).order_by("-starts_on").first()
    if last is not None and last.number == number and last.starts_on <= starts_on:
        return False
    try:
        plan_set(
            site=site, position=position, number=number, starts_on=starts_on, reason=str(value["reason"]), actor=actor,
            now=now,
        )  # fmt: skip
    except Invalid as refusal:
        raise Invalid(str(refusal), field="planned" if refusal.field == "number" else refusal.field) from refusal
    return True


def _site(word: str, actor: User) -> Site:
    """One whose plan the actor changes."""
    said = str(word).strip()
    rows = Site.objects.filter(site_filter(actor, PLANNERS, "pk"))
    found = rows.filter(code__iexact=said).first() or rows.filter(name__iexact=said).first()
    if found is None:
        raise Invalid(_("You plan no site “%(name)s”.") % {"name": said[:40]}, field="site", code="unknown")
    return found


def _position(word: str) -> Position:
    said = " ".join(str(word).casefold().split())
    for one in Position.objects.all():
        if said in {one.code.casefold(), one.name.casefold(), *(title.casefold() for title in one.titles)}:
            return one
    words = _("There is no position “%(name)s”.")
    raise Invalid(words % {"name": str(word)[:60]}, field="position", code="unknown")


PLAN = RowImport(
    COLUMNS, bring, "plan.imported", 0x0CC_5DB, once=("site", "position", "starts_on"), first="starts_on",
    sample=("site", "position", "planned", "starts_on", "reason"), subject="position",
)  # fmt: skip
