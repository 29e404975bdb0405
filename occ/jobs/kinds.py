"""What can run in the background: each app registers its kinds (imports, exports, reports)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from django.utils.functional import Promise

if TYPE_CHECKING:
    from datetime import datetime

    from occ.jobs.models import Job
    from occ.people.models import User


@dataclass
class Outcome:
    """What a job leaves: a file to download (`content`, `name`), a page to go on to, facts for its own page."""

    content: bytes | IO[bytes] | None = None
    name: str = ""
    url: str = ""
    result: dict[str, Any] = field(default_factory=dict)


# Called with how much is done (0 to 1) now and then.
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Kind:
    """`run(job, progress, now)` works in one transaction, does its deed or raises; `may` says who may ask for it.

    `direct`: a page's export button may ask for it. Others are started by their own app. `outside`: it changes nothing
    and asks what lies outside the database (a source, a store): no transaction waits for that. `leads_on`: who waits
    for it is led to its page, where something is still to be decided or read.
    """

    key: str
    label: str | Promise
    run: Callable[[Job, Progress, datetime], Outcome]
    may: Callable[[User], bool]
    direct: bool = False
    outside: bool = False
    leads_on: bool = False


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    if kind.key in KINDS:
        raise ValueError(f"job kind {kind.key} is registered twice")
    KINDS[kind.key] = kind
    return kind
