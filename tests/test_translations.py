"""The Indonesian catalogue holds every message of the code and the templates, compiled as committed (KER-13)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "locale/id/LC_MESSAGES/django.po"
APPS = ("occ", "userids", "retention", "realtime", "coaching", "sdm", "service")
# Function name -> position of the message id among the arguments, and of the context.
CALLS: dict[str, tuple[int, int | None]] = {
    "_": (0, None), "gettext": (0, None), "gettext_lazy": (0, None), "gettext_noop": (0, None),
    "ngettext": (0, None), "ngettext_lazy": (0, None), "pgettext": (1, 0), "pgettext_lazy": (1, 0),
    "npgettext": (1, 0),
}  # fmt: skip
CALL = re.compile(r"(?:n?p?gettext|_)\((?:[^()\"']|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')*\)")
PLACES = re.compile(r"%\((\w+)\)|\{(\w+)\}")


def messages_of(source: str) -> Iterator[tuple[str | None, str]]:
    """(context, message id) of every call of a gettext function on a literal."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in CALLS:
            continue
        at, context_at = CALLS[name]
        literals = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
        if len(literals) > at and isinstance(literals[at], str):
            context = literals[context_at] if context_at is not None else None
            yield context if isinstance(context, str) else None, str(literals[at])


def template_messages(source: str) -> Iterator[tuple[str | None, str]]:
    """Django turns a template into calls that xgettext would read; they stand on lines among other text."""
    for call in re.findall(
        r"(?:n?p?gettext|_)\((?:[^()\"']|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')*\)", templatize(source)
    ):
        yield from messages_of(call)


def used() -> set[tuple[str | None, str]]:
    found: set[tuple[str | None, str]] = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            found.update(messages_of(path.read_text()))
    for path in (ROOT / "templates").rglob("*"):
        if path.suffix in {".html", ".txt"}:
            found.update(template_messages(path.read_text()))
    return {(context, text) for context, text in found if text}


@pytest.mark.req("KER-13")
def test_every_message_is_translated() -> None:
    catalogue = polib.pofile(str(CATALOGUE))
    known = {(entry.msgctxt, entry.msgid) for entry in catalogue if entry.translated() and not entry.obsolete}
    assert len(used()) > 400, "the messages were not found"
    missing = sorted(str(one) for one in used() - known)
    assert not missing, f"run bin/messages and translate: {missing}"


@pytest.mark.req("KER-13")
def test_nothing_is_fuzzy_or_left_over() -> None:
    catalogue = polib.pofile(str(CATALOGUE))
    assert not [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete]


@pytest.mark.req("KER-13")
def test_translations_keep_the_places_for_values() -> None:
    broken = []
    for entry in polib.pofile(str(CATALOGUE)):
        translation = entry.msgstr or entry.msgstr_plural.get(0, "")
        wanted, given = set(PLACES.findall(entry.msgid)), set(PLACES.findall(translation))
        if given != wanted and not (entry.msgid_plural and given == set(PLACES.findall(entry.msgid_plural))):
            broken.append(entry.msgid)
    assert not broken


@pytest.mark.req("KER-13")
def test_the_compiled_catalogue_is_the_one_in_words() -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    said = {(entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in compiled}
    for entry in polib.pofile(str(CATALOGUE)):
        assert said[entry.msgctxt, entry.msgid] == (entry.msgstr, entry.msgstr_plural)
    assert len(said) == len(polib.pofile(str(CATALOGUE)))
