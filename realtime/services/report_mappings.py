"""Mappings kept by name (RTM-4)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.ledger.services import record
from occ.people.models import Site, User
from realtime.models import ReportMapping, Source
from realtime.reports.mapping import mapping_of
from realtime.services.call_reports import must_import, source_check

LOCK = 77_002  # of advisory locks: one for each site's mappings


@transaction.atomic
def mapping_keep(*, site: Site, name: str, text: str, reason: str, actor: User, now: datetime) -> ReportMapping:
    """The next version under that name; the same words again are the version that stands.

    Raises NotAllowed, Invalid (it makes no sense; its rows would be counted twice; no reason for a change).
    """
    must_import(actor, site)
    name, text = " ".join(name.split())[:60], text.replace("\r\n", "\n").strip() + "\n"
    if not name:
        raise Invalid(_("Give the mapping a name."), field="name")
    found = mapping_of(text)
    if (source := Source.objects.filter(code=found.source).first()) is not None:
        source_check(source, site)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, site.pk])
    last = ReportMapping.objects.filter(site=site, name=name).order_by("-version").first()
    if last is not None:
        if last.text == text:
            return last
        was = mapping_of(last.text)
        if (was.source, was.key) != (found.source, found.key):
            words = _("Under another source or key the same rows would be counted twice: give it another name.")
            raise Invalid(words, field="name")
        if not reason.strip():
            raise Invalid(_("Say why it is changed."), field="reason")
    made = ReportMapping.objects.create(
        site=site, name=name, version=last.version + 1 if last else 1, text=text, made_at=now, made_by=actor,
        reason=reason.strip()[:300],
    )  # fmt: skip
    data = {"name": name, "version": made.version, "source": found.source}
    record(actor=actor, action="realtime.mapping_kept", subject=made, data=data, now=now, site=site)
    return made
