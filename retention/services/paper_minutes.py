"""What a berita acara says of destroyed documents (RET-10, RET-11): issued ones out of OCC, entries by hand."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from occ.documents import types
from occ.documents.models import IssuedDocument
from occ.documents.services import kept_until
from occ.people.models import User
from occ.sheets.writing import OutColumn
from occ.times import local_day
from retention.choices import ItemState, Medium
from retention.documents.disposal import DestroyedPaper, Facts, plain
from retention.models import Entry, Item, Proposal, Shredding
from retention.services.witnesses import names_of

# "12 lembar", "1 map": how many of what, as people enter it.
QUANTITY = re.compile(r"\s*(\d{1,6})\s+(\S.*)")


def _lines(proposal: Proposal) -> list[Item]:
    """In the order of the list that was approved."""
    rows = proposal.items.filter(state=ItemState.DESTROYED).order_by("position")
    return list(rows.select_related("document", "entry", "shredding").defer("document__data"))


def destroyed(proposal: Proposal) -> list[DestroyedPaper]:
    return [paper_of(one, proposal) for one in _lines(proposal)]


def paper_of(one: Item, proposal: Proposal) -> DestroyedPaper:
    if one.document is not None:
        return _of_document(one.document, proposal)
    assert one.entry is not None
    return _of_entry(one.entry, one.shredding)


def _of_document(one: IssuedDocument, proposal: Proposal) -> DestroyedPaper:
    issued = local_day(one.issued_at, proposal.site.zone)
    days = (one.period_from or issued, one.period_to or issued)
    return DestroyedPaper(
        title=title_of(one), classification=one.type_code, period=_span(*days), quantity=_("1 file"),
        stage=_("Original"), medium=str(Medium.SOFTCOPY.label), retention=_years(issued, one.expires_on),
        number=one.full_number, remarks=one.full_number, sha256=one.sha256,
    )  # fmt: skip


def _of_entry(one: Entry, done: Shredding) -> DestroyedPaper:
    how = _("%(way)s at %(place)s on %(day)s, witness %(witness)s") % {
        "way": done.get_way_display(), "place": done.place, "day": date_format(done.on_day, "j M Y"),
        "witness": done.witness,
    }  # fmt: skip
    return DestroyedPaper(
        title=one.title, classification=one.classification, period=_span(one.issued_on, one.issued_on),
        quantity=one.quantity or _unit(one), stage=one.copies or _("Original"), medium=str(one.get_medium_display()),
        retention=_years(one.issued_on, one.expires_on), number=one.number, remarks=f"{plain(one.number)}: {how}",
        sha256="",
    )  # fmt: skip


def title_of(one: IssuedDocument) -> str:
    """Of its kind: a document's own title may name a person whom the readers of a list need not know."""
    known = types.get(one.type_code)
    return str(known.title) if known else one.type_code


def _unit(one: Entry) -> str:
    return _("1 file") if one.medium == Medium.SOFTCOPY else _("1 bundle")


def _span(first: date, last: date) -> str:
    said = [date_format(one, "j M Y") for one in (first, last)]
    return said[0] if first == last else " – ".join(said)


def _years(issued: date, expires: date) -> str:
    """The masa simpan as it was kept to: whole years, or months where they are none."""
    years = expires.year - issued.year
    if years and kept_until(issued, years) == expires:
        return _("%(years)s years") % {"years": years}
    return _("%(months)s months") % {"months": years * 12 + expires.month - issued.month}


def quantities(lines: Sequence[Item]) -> str:
    """How much of what: files and their volume; papers by the units in which they were entered."""
    documents = [one.document for one in lines if one.document is not None]
    counts: Counter[tuple[str, str]] = Counter()
    for one in lines:
        if one.entry is not None:
            found = QUANTITY.fullmatch(one.entry.quantity or _unit(one.entry))
            number, unit = (int(found[1]), found[2].strip()) if found else (1, one.entry.quantity.strip())
            counts[str(one.entry.get_medium_display()), unit] += number
    of_medium: dict[str, list[str]] = {}
    for (medium, unit), number in sorted(counts.items()):
        of_medium.setdefault(medium, []).append(f"{number} {unit}")
    said = [f"{medium}: {', '.join(units)}" for medium, units in of_medium.items()]
    if documents:
        size = filesizeformat(sum(one.size for one in documents))
        words = ngettext(
            "%(count)s file issued by OCC, %(size)s", "%(count)s files issued by OCC, %(size)s", len(documents)
        )
        said.insert(0, words % {"count": len(documents), "size": size})
    return "; ".join(said)


def facts_of(proposal: Proposal, place: str) -> Facts:
    from retention.services.minutes import day_of, remarks_of

    approval, zone, lines = proposal.approval, proposal.site.zone, _lines(proposal)
    assert approval is not None and proposal.completed_at is not None
    days = [
        local_day(one.document.issued_at, zone) if one.document is not None else one.entry.issued_on  # type: ignore[union-attr]
        for one in lines
    ]
    said = {"name": approval.name, "position": approval.position, "day": day_of(approval.decided_at, zone)}
    deleted = _("Each file that OCC had issued was deleted from its storage, with every version; its number, hash and "
                "signatures stay in the register.")  # fmt: skip
    looked = _("Afterwards it was looked for in the storage and among OCC's other files, and nothing was found.")
    by_hand = _("What lay outside OCC was destroyed by hand before a witness: how, where and when says the annex.")
    method = [deleted, looked] if any(one.document is not None for one in lines) else []
    method += [by_hand] if any(one.entry is not None for one in lines) else []
    clause = _("SOP-RET 5.5 and 5.6: kept for the masa simpan given in the annex, and approved by the client before "
               "it is destroyed.")  # fmt: skip
    approved = _("Approval by %(name)s, %(position)s, on %(day)s, of the list with the hash above.") % said
    return Facts(
        day=local_day(proposal.completed_at, zone), place=place, number=proposal.number, kinds=proposal.kind_label,
        period=(min(days), max(days)), count=len(lines), volume=quantities(lines), list_sha256=proposal.list_sha256,
        basis=[clause, approved],
        method=method, remarks=remarks_of(proposal), retention="",
    )  # fmt: skip


def _by_hand(proposal: Proposal) -> Any:
    return Shredding.objects.filter(item__proposal=proposal).order_by("pk")


def executors_of(proposal: Proposal, executor: User) -> list[tuple[str, str]]:
    """Who destroyed papers, where it was not who started the deletion: names and positions."""
    rows = _by_hand(proposal).exclude(said_by=executor).values_list("name", "position")
    return list(dict.fromkeys(rows))


def executors_by_user(proposal: Proposal) -> dict[int, tuple[str, str]]:
    """Name and position of each who destroyed papers."""
    return {pk: (name, where) for pk, name, where in _by_hand(proposal).values_list("said_by", "name", "position")}


def saw(proposal: Proposal, user: User) -> bool:
    """Whether the user is named as a witness of papers destroyed by hand."""
    mine = {name.casefold() for name in names_of(user)}
    return any(name.casefold() in mine for name in _by_hand(proposal).values_list("witness", flat=True))


def witnesses_of(proposal: Proposal, named: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Who saw papers destroyed, and is not named as a witness of the berita acara yet."""
    known = {name.casefold() for name, _position in named}
    rows = _by_hand(proposal).values_list("witness", "witness_position")
    return list({name.casefold(): (name, where) for name, where in rows if name.casefold() not in known}.values())


def annex_columns() -> list[OutColumn]:
    return [
        OutColumn(_("No."), width=8), OutColumn(_("Kind of record"), width=44),
        OutColumn(_("Classification code"), width=18), OutColumn(_("Period covered"), width=28),
        OutColumn(_("Quantity"), width=14), OutColumn(_("Stage"), width=12), OutColumn(_("Medium"), width=12),
        OutColumn(_("Retention"), width=12), OutColumn(_("Remarks"), width=60), OutColumn(_("Number"), width=30),
        OutColumn("SHA-256", width=68),
    ]  # fmt: skip


def annex_rows(proposal: Proposal) -> Iterator[list[Any]]:
    for n, one in enumerate(destroyed(proposal), 1):
        yield [n, one.title, one.classification or "-", one.period, one.quantity, one.stage, one.medium, one.retention,
               one.remarks, one.number, one.sha256]  # fmt: skip
