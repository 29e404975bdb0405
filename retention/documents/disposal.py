"""The Berita Acara Pemusnahan (RET-10, SOP-RET 5.5): its type, its masa simpan, and the words of its annex."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.documents.rendering import HIDDEN
from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from retention.wording import day_in_words, number_en, number_id

DISPOSAL = register_type(
    DocumentType(
        code="BA-MUS",
        title=gettext_lazy("Berita Acara Pemusnahan Dokumen"),
        procedure="SOP Pengendalian Data History Chat dan Recording",
        clause="SOP-RET 5.5",
        owner=Role.DOCUMENT_CONTROL,
        readers=frozenset({Role.IT, Role.TEAM_LEADER, Role.CLIENT}),
        template=Path(__file__).parents[1] / "typst" / "disposal.typ",
        approvers=frozenset({Role.CLIENT}),
        countersigned=True,
    )
)
register_policy(
    Definition(
        DISPOSAL.retention_policy,
        gettext_lazy("Berita acara of destruction are kept"),
        gettext_lazy("years"),
        "SOP-RET 5.6",
        10,
        number(1, 100),
    )
)
# How the archives' practice classifies them; their own codes where the organisation has some.
CLASSES = {"chat": "OPS.CHT", "recording": "OPS.REC"}
# Rows of one line of print on a page of the annex: a grid for each page is ten times as quick as one table over all of
# them. Each further line of print takes so much of such a row.
LINES = 42
FURTHER = 0.75
WIDTHS = (0.8, 2.2, 1.6, 1.7, 1.1, 1.5, 1.3, 1.4, 7.7)
PAPER_WIDTHS = (0.7, 3.4, 1.6, 2.2, 1.3, 1.8, 1.2, 1.2, 6.6)
# Points: the sheet between its margins, a cell's own, a printed SHA-256, a character (and a capital or digit).
SHEET, INSET, DIGEST, SMALL, LARGE = 750.0, 6.0, 206.0, 3.3, 4.3
SIGN_HERE = "." * 28


@dataclass(frozen=True)
class Signer:
    role: str
    name: str
    position: str


@dataclass(frozen=True)
class Destroyed:
    """A line of the annex."""

    external_id: str
    kind: str
    ended_on: date
    size: int
    sha256: str
    bag: str


@dataclass(frozen=True)
class DestroyedPaper:
    """A line of the annex of documents, in its language; `remarks`: the number, and what was done by hand."""

    title: str
    classification: str
    period: str
    quantity: str
    stage: str
    medium: str
    retention: str
    number: str
    remarks: str
    sha256: str


@dataclass(frozen=True)
class Facts:
    """What a berita acara says beside its annex; `basis`, `method` and `remarks` are paragraphs in its language."""

    day: date
    place: str
    number: str
    kinds: str
    period: tuple[date, date]
    count: int
    volume: str
    list_sha256: str
    basis: Sequence[str]
    method: Sequence[str]
    remarks: Sequence[str]
    retention: str


def disposal_body(
    *, facts: Facts, lines: Iterable[Destroyed | DestroyedPaper], signers: Sequence[Signer], language: str,
    of_documents: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The template's data."""
    with translation.override(language):
        opening = _("On this day, %(day)s, at %(place)s, the documents listed in the annex were destroyed.") % {
            "day": day_in_words(facts.day, language), "place": facts.place,
        }  # fmt: skip
        first, last = (date_format(one, "j F Y") for one in facts.period)
        counted = _("Number of documents") if of_documents else _("Number of records")
        shown = [
            (_("Proposal"), facts.number), (_("Kinds"), facts.kinds), (_("Period"), f"{first} – {last}"),
            (counted, f"{_number(facts.count)} ({in_words(facts.count, language)})"),
            (_("Volume"), facts.volume), (_("SHA-256 of the approved list"), grouped(facts.list_sha256)),
        ]  # fmt: skip
        widths = PAPER_WIDTHS if of_documents else WIDTHS
        return {
            "opening": opening,
            "facts": [{"label": label, "value": value} for label, value in shown],
            "parts": [
                {"title": title, "lines": list(said)}
                for title, said in (
                    (_("Basis"), facts.basis), (_("Method"), facts.method), (_("Remarks"), facts.remarks)
                )
                if said
            ],
            "closing": _("This record was drawn up truthfully, to be used where it is needed."),
            "annex_title": _("Annex: list of the destroyed documents"),
            "columns": [
                {"label": label, "width": width}
                for label, width in zip(_labels(of_documents), widths, strict=True)
            ],
            "annex": pages(annex_rows(lines, facts.retention), widths),
            "places": [
                {"purpose": one.role, "name": one.name or SIGN_HERE, "position": one.position} for one in signers
            ],
        }  # fmt: skip


def _labels(of_documents: bool) -> list[str]:
    last = _("Remarks: number, SHA-256") if of_documents else _("Remarks: ID, SHA-256")
    return [_("No."), _("Kind of record"), _("Classification code"), _("Period covered"), _("Quantity"), _("Stage"),
            _("Medium"), _("Retention"), last]  # fmt: skip


def annex_rows(lines: Iterable[Destroyed | DestroyedPaper], retention: str) -> list[list[str]]:
    kinds = {"chat": _("Chat history"), "recording": _("Recording")}
    stage, medium = _("Original"), _("Softcopy")
    days: dict[date, str] = {}
    rows = []
    for n, one in enumerate(lines, 1):
        if isinstance(one, DestroyedPaper):
            cells = (one.title, one.classification, one.period, one.quantity, one.stage, one.medium, one.retention,
                     one.remarks)  # fmt: skip
            rows.append([str(n), *(plain(cell, 240) or "-" for cell in cells), one.sha256])
            continue
        if one.ended_on not in days:
            days[one.ended_on] = date_format(one.ended_on, "j M Y")
        rows.append([
            str(n), kinds.get(one.kind, one.kind), CLASSES.get(one.kind, "-"), days[one.ended_on], "1", stage, medium,
            retention, plain(one.external_id), one.sha256 or "-",
        ])  # fmt: skip
    return rows


def pages(rows: list[list[str]], widths: Sequence[float]) -> list[list[list[str]]]:
    """As many rows on each as have room: long titles and IDs take several lines of print."""
    found: list[list[list[str]]] = []
    room = 0.0
    for row in rows:
        height = 1 + FURTHER * (printed_lines(row, widths) - 1)
        if height > room:
            found.append([])
            room = float(LINES)
        found[-1].append(row)
        room -= height
    return found


def printed_lines(row: list[str], widths: Sequence[float]) -> int:
    """How many lines of print a row takes, rather one too many; the last two texts share a cell."""
    point = SHEET / sum(widths)
    wide = [_width(text) for text in row[:8]] + [_width(row[8]) + (DIGEST if len(row[9]) > 1 else 0)]
    return max(ceil(one / (width * point - INSET)) for one, width in zip(wide, widths, strict=True)) or 1


def _width(text: str) -> float:
    large = sum(one.isupper() for one in text)
    return large * LARGE + (len(text) - large) * SMALL


def plain(text: str, most: int = 48) -> str:
    """Without what hides or turns text around; of no more than so many characters."""
    text = unicodedata.normalize("NFC", HIDDEN.sub("", text)).strip()
    return text if len(text) <= most else f"{text[: most - 1]}…"


def grouped(digest: str) -> str:
    """A hash as people compare it: 16 characters at a time."""
    return " ".join(digest[i : i + 16] for i in range(0, len(digest), 16))


def in_words(n: int, language: str) -> str:
    return number_id(n) if language == "id" else number_en(n)


def _number(n: int) -> str:
    return str(number_format(n, use_l10n=True, force_grouping=True))
