"""A mapping: what the columns of a report mean (docs/call-reports.md describes it; `MAPPING` checks it)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml
from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.people.choices import Channel

KINDS = ("calls", "cases", "logins")
ROLES = {
    "calls": {"date", "arrived", "queued", "answered", "ended", "agent", "category", "wait", "talk", "hold", "wrapup"},
    "cases": {"date", "arrived", "submitted", "ended", "agent", "category"},
    "logins": {"date", "agent", "login", "logout"},
}
NEEDED = {"calls": {"arrived"}, "cases": {"arrived"}, "logins": {"agent", "login"}}
OUTCOMES = ("answered", "abandoned", "menu", "ignore")
KEYS = {"source", "kind", "channel", "date", "dates", "times", "key", "columns", "never", "nobody", "outcomes", "name"}
HAPPENED = "*"
LONGEST = 20_000


@dataclass(frozen=True)
class Rule:
    """`when`: heading -> what the cell says, one of several, or "*" for anything that is not `never`."""

    when: Map[str, tuple[str, ...]]
    outcome: str

    def fits(self, row: Map[str, str], never: frozenset[str]) -> bool:
        return all(self._says(row.get(heading, "").strip(), wanted, never) for heading, wanted in self.when.items())

    @staticmethod
    def _says(cell: str, wanted: tuple[str, ...], never: frozenset[str]) -> bool:
        if HAPPENED in wanted:
            return cell not in never
        return cell.casefold() in wanted


@dataclass(frozen=True)
class Mapping:
    source: str
    kind: str
    channel: str
    key: tuple[str, ...]
    columns: Map[str, tuple[str, ...]]  # role -> headings; of several the first that says something counts
    fixed: date | None = None
    dates: str = "%Y-%m-%d"
    times: str = ""  # strptime's, where a cell says both day and time; "" for times of day (h:mm[:ss])
    never: frozenset[str] = frozenset({""})
    nobody: frozenset[str] = frozenset()
    outcomes: Sequence[Rule] = field(default_factory=tuple)

    @property
    def headings(self) -> list[str]:
        """Every heading that the mapping speaks of."""
        found = [*self.key, *(one for many in self.columns.values() for one in many)]
        found += [heading for rule in self.outcomes for heading in rule.when]
        return list(dict.fromkeys(found))


class Plain(yaml.SafeLoader):
    """Without aliases: a few of them, one in another, are more than a machine holds. What stands there is text as it
    is written: 12:30 is no number, and No no answer."""

    yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in many if tag.endswith((":null", ":merge"))]
        for first, many in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "no aliases here", self.peek_event().start_mark)
        return super().compose_node(parent, index)


def mapping_of(text: str) -> Mapping:
    """Raises Invalid, in words, for a mapping that makes no sense."""
    if len(text) > LONGEST:
        raise Invalid(_("The mapping is longer than a mapping is."), field="mapping")
    try:
        said = yaml.load(text, Loader=Plain)  # noqa: S506 - a SafeLoader
        json.dumps(said, default=str)  # no number is too long to be said
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
        where = getattr(error, "problem_mark", None)
        line = where.line + 1 if where is not None else "?"
        raise Invalid(_("The mapping is no YAML: look at line %(line)s.") % {"line": line}, field="mapping") from error
    if not isinstance(said, dict):
        raise _wrong(_("it names nothing"))
    if unknown := sorted(str(one) for one in said if one not in KEYS):
        raise _wrong(_("“%(name)s” means nothing here") % {"name": unknown[0]})
    kind = str(said.get("kind", "calls"))
    if kind not in KINDS:
        raise _wrong(_("kind is one of %(kinds)s") % {"kinds": ", ".join(KINDS)})
    source = str(said.get("source") or "").strip()
    if not re.fullmatch(r"[\w.-]{1,40}", source):
        raise _wrong(_("source is a short name without blanks"))
    channel = str(said.get("channel") or Channel.VOICE)
    if channel not in Channel.values:
        raise _wrong(_("channel is one of %(channels)s") % {"channels": ", ".join(Channel.values)})
    columns = _columns(said.get("columns"), kind)
    key = _words(said.get("key"), "key")
    if not key:
        raise _wrong(_("key names the columns by which a row is known again"))
    never = frozenset({"", *_words(said.get("never"), "never")})
    found = Mapping(
        source, kind, channel, key, columns, _day(said.get("date")), str(said.get("dates") or "%Y-%m-%d"),
        str(said.get("times") or ""), never, frozenset(_words(said.get("nobody"), "nobody")),
        _rules(said.get("outcomes"), kind),
    )  # fmt: skip
    if found.fixed is None and "date" not in columns and not re.search("%[dj]", found.times):
        raise _wrong(_("it says no day: give `date`, a column for it, or times with a day in them"))
    for form in filter(None, (found.dates, found.times)):
        try:
            datetime.strptime(datetime(2026, 1, 2, 3, 4, 5).strftime(form), form)  # noqa: DTZ001, DTZ007 - no instant
        except (ValueError, re.error):
            raise _wrong(_("“%(form)s” is no form of days or times") % {"form": form[:40]}) from None
    return found


def _wrong(why: str) -> Invalid:
    return Invalid(_("The mapping cannot be used: %(why)s.") % {"why": why}, field="mapping")


def _words(value: Any, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    many = value if isinstance(value, list) else [value]
    if len(many) > 50 or not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in many):
        words = _("%(name)s is a text or a list of at most 50 texts")
        raise _wrong(words % {"name": name})
    return tuple(str(one).strip() for one in many)


def _columns(value: Any, kind: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise _wrong(_("columns says which column is what"))
    if unknown := sorted(str(one) for one in value if one not in ROLES[kind]):
        raise _wrong(_("no report of %(kind)s has a column “%(name)s”") % {"kind": kind, "name": unknown[0]})
    found = {role: _words(headings, role) for role, headings in value.items() if headings is not None}
    if missing := sorted(NEEDED[kind] - {role for role, headings in found.items() if headings}):
        raise _wrong(_("columns lacks “%(name)s”") % {"name": missing[0]})
    return found


def _day(value: Any) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise _wrong(_("date is written 2026-11-20")) from None


def _rules(value: Any, kind: str) -> tuple[Rule, ...]:
    if kind != "calls":
        return ()
    if not isinstance(value, list) or not value or len(value) > 50:
        raise _wrong(_("outcomes says what counts as answered, abandoned, menu or ignore"))
    rules = []
    for one in value:
        if not isinstance(one, dict) or set(one) - {"if", "is"} or one.get("is") not in OUTCOMES:
            raise _wrong(_("each of outcomes has an `if` and an `is` of %(names)s") % {"names": ", ".join(OUTCOMES)})
        when = one.get("if") or {}
        if not isinstance(when, dict):
            raise _wrong(_("`if` names columns and what they say"))
        said = {str(heading): tuple(w.casefold() for w in _words(words, "if")) for heading, words in when.items()}
        rules.append(Rule(said, str(one["is"])))
    return tuple(rules)
