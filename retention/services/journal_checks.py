"""The journals of what was destroyed are read again in every store (RET-6, RET-9): whoever alters one, so that a
restore would bring back what is gone, is found out before there is a restore.

Each list of a store reads a share of them, going on where the last one ended: each once within the policy's days, also
where lists were left out in between.
"""

import hashlib
import math
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_noop

from occ.people.models import Site
from occ.policies.services import policy_value
from occ.texts import kept
from retention.choices import FindingKind
from retention.models import Check, Finding, Journal, Store
from retention.policies import FIXITY_DAYS
from retention.services.bags import let_go
from retention.services.findings import Seen, findings_gone, findings_keep
from retention.services.journal import FOLDER, journal_read
from retention.storing import Shelf, Unreadable

LEAST = 100  # so many are read each time, or all there are
LARGEST = 64 * 2**20  # no journal is as large


@dataclass
class Looked:
    """`wrong` and `foreign` by name: what is wrong with one that was written, and why one is none of ours."""

    names: Collection[str] = ()
    last: str = ""
    bytes: int = 0
    read: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        return len(self.wrong) + len(self.foreign)


def journals_look(*, shelf: Shelf, before: Check | None, now: datetime) -> Looked:
    """Read the share of this list. `before`: the last list of this store. Raises PlaceAway."""
    names = sorted(one.name for one in shelf.objects(f"{FOLDER}/"))
    after = before.details.get("journal", "") if before is not None else ""
    days = max(1, (now - before.started_at).days) if before is not None else 1
    share = max(LEAST, math.ceil(len(names) * days / (policy_value(FIXITY_DAYS, at=now) * 0.9)))
    turn = [*(name for name in names if name > after), *(name for name in names if name <= after)][:share]
    known = dict(Journal.objects.filter(name__in=[_kept(name) for name in turn]).values_list("name", "sha256"))
    let_go()
    looked = Looked(names={_kept(name) for name in names}, last=_kept(turn[-1]) if turn else "")
    for name in turn:
        _look(name, known.get(name), shelf, looked)
    return looked


def _look(name: str, sha256: str | None, shelf: Shelf, looked: Looked) -> None:
    content, why = bytearray(), ""
    try:
        for piece in shelf.read(name):
            content += piece
            if len(content) > LARGEST:
                break
    except FileNotFoundError:  # gone since it was listed: it is written again
        return
    except Unreadable as error:
        why = str(error)
    looked.read.append(_kept(name))
    looked.bytes += len(content)
    if sha256 is None:  # of a database that was restored from before it was written, it is ours all the same
        if why := why or journal_read(bytes(content))[1]:
            looked.foreign[_kept(name)] = why
    elif why or hashlib.sha256(content).hexdigest() != sha256:
        looked.wrong[name] = why or kept(gettext_noop("Its SHA-256 is another one."))


def _kept(name: str) -> str:
    return name.encode(errors="replace").decode()[:600]


def journals_tell(*, store: Store, looked: Looked, site: Site | None, now: datetime) -> None:
    """In the caller's transaction."""
    rows = Journal.objects.filter(name__in=list(looked.wrong)).select_related("proposal__site")
    wrong = [Seen(one.name, one.proposal.site, looked.wrong[one.name]) for one in rows]
    foreign = [Seen(name, site, why) for name, why in looked.foreign.items()] if site else []
    for kind, seen in ((FindingKind.DAMAGED, wrong), (FindingKind.FOREIGN_PACK, foreign)):
        if seen:
            findings_keep(kind=kind, place=store, seen=seen, complete=False, now=now)
    told = {one.name for one in (*wrong, *foreign)}
    well = [name for name in looked.read if name not in told]
    findings_gone(kinds=[FindingKind.DAMAGED, FindingKind.FOREIGN_PACK], place=store, names=well, now=now)
    open_now = Finding.objects.open().filter(store=store, kind=FindingKind.FOREIGN_PACK, name__startswith=f"{FOLDER}/")
    removed = set(open_now.values_list("name", flat=True)).difference(looked.names)
    findings_gone(kinds=[FindingKind.FOREIGN_PACK], place=store, names=removed, now=now)
