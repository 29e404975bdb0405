"""Who heard or read what (RET-13), for those who audit it: entries of the evidence ledger, and nothing kept beside."""

from typing import Any

import django_filters as filters
from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, NullIf
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from occ.filters import FromDay, OwnSite, UntilDay
from occ.ledger.models import Entry
from occ.list_export import register_list
from occ.people.actors import who
from occ.people.models import Site, User
from occ.people.scope import has_role, site_ids
from occ.sheets.writing import OutColumn
from retention.choices import Purpose
from retention.marks import without
from retention.models import Record
from retention.personal import READING_AUDITORS
from retention.services.listening import HEARD, READ, SEARCHED, TAKEN

DEEDS: dict[str, Promise] = {
    HEARD: gettext_lazy("Heard"), READ: pgettext_lazy("deed", "Read"), TAKEN: gettext_lazy("File taken"),
    SEARCHED: gettext_lazy("Chats searched"),
}  # fmt: skip


def audits(user: User) -> bool:
    return has_role(user, READING_AUDITORS)


def reading_rows(user: User) -> QuerySet[Entry]:
    """With `record_pk`, `external_id` and `customer` of what was heard or read.

    Who audits one site does not see the others', nor searches, which are of no site.
    """
    rows = Entry.objects.filter(action__in=list(DEEDS))
    ids = site_ids(user, READING_AUDITORS)
    if ids is not None:
        rows = rows.filter(site_code__in=Site.objects.filter(pk__in=ids).values("code"))
    record = Record.objects.filter(pk=OuterRef("record_pk"))
    return rows.annotate(
        record_pk=Cast(NullIf("subject_id", Value("")), models.BigIntegerField()),
        external_id=Subquery(record.values("external_id")[:1]), customer=Subquery(record.values("customer")[:1]),
    )  # fmt: skip


class ReadingFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    deed = filters.ChoiceFilter(
        field_name="action", choices=list(DEEDS.items()), label=gettext_lazy("What"), empty_label=gettext_lazy("All")
    )
    what_for = filters.ChoiceFilter(
        field_name="data__purpose", choices=Purpose.choices, label=gettext_lazy("What for"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip
    site = OwnSite(method="by_site")
    since = FromDay(field_name="at", label=gettext_lazy("From"))
    until = UntilDay(field_name="at", label=gettext_lazy("Until"))
    record = filters.CharFilter(method="by_record", label=gettext_lazy("No. of the record"))

    class Meta:
        model = Entry
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        """By whom, or the whole ID at the source of what was heard or read."""
        text = value.replace("\x00", "").strip()[:120]
        records = Record.objects.filter(external_id=text).values_list(Cast("pk", models.TextField()), flat=True)
        return rows.filter(Q(actor_label__icontains=text) | Q(subject_id__in=list(records[:100])))

    def by_record(self, rows: Any, name: str, value: str) -> Any:
        """By an index of the ledger, which has what it is of before its key."""
        return rows.filter(subject_type=Record._meta.label_lower, subject_id=value.replace("\x00", ""))

    def by_site(self, rows: Any, name: str, value: Site) -> Any:
        return rows.filter(site_code=value.code)


def reading_said(entry: Any) -> dict[str, Any]:
    """An entry in words: who, what, record (its ID, masked; of a search the words), site, purpose, note."""
    data = entry.data
    if entry.action == SEARCHED:
        more = "+" if data.get("more") else ""
        record = _("“%(words)s”: %(n)s found") % {"words": data.get("words", ""), "n": f"{data.get('found', 0)}{more}"}
    else:
        record = without(entry.external_id or entry.subject_id, entry.customer or "")
    return {
        "at": entry.at, "who": who(entry.actor_label), "what": str(DEEDS[entry.action]), "record": record,
        "site": entry.site_code, "purpose": str(dict(Purpose.choices).get(data.get("purpose", ""), "")),
        "note": data.get("note", ""),
    }  # fmt: skip


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("No."), width=10), OutColumn(_("When"), width=18), OutColumn(_("Who"), width=28),
        OutColumn(_("What"), width=18), OutColumn(_("Conversation"), width=36), OutColumn(_("Site"), width=8),
        OutColumn(_("What for"), width=26), OutColumn(_("Note"), width=40),
    ]  # fmt: skip


def line(entry: Any) -> list[Any]:
    return [entry.pk, *reading_said(entry).values()]


register_list(
    "retention.readings", gettext_lazy("Listenings and readings"), may=audits, filters=ReadingFilter, order=("-pk",),
    rows=lambda user, now: reading_rows(user), columns=columns, line=line,
)  # fmt: skip
