"""Every URL x every role x own and foreign object x every method (KER-9): what a row says, and how it is tried.

Each app has its rows and its objects in a file of its own; that no URL is without a row is test_urls.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from django.db import transaction
from django.template.backends.django import Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.jobs.models import Job
from occ.jobs.services import job_start
from occ.people.choices import Role
from occ.people.models import User
from userids.models import LOGBOOK_READERS

EVERYBODY = set(Role)
EMPLOYEES = EVERYBODY - {Role.CLIENT}  # who see their own rows, whatever their role
READERS = set(LOGBOOK_READERS)  # whose roles see a site's people: all of SITE_WIDE, and a leader of the whole site
World = dict[str, dict[str, Any]]  # by site: "JKT" is the own one of all who ask, "YGY" the foreign one
# Let in, whatever it says of empty data.
DONE = {200, 201, 202, 204, 302, 400, 409, 415, 422}


@dataclass(frozen=True)
class Row:
    """Who is let in, by method. `sees`: whose roles show the object; others get 404. Inside that, who may not: 403.

    `of`: the key of the object whose id is in the address; None for an address without one.
    """

    get: set[Role] | None = None
    post: set[Role] | None = None
    put: set[Role] | None = None
    of: str | None = None
    sees: set[Role] = field(default_factory=lambda: set(EVERYBODY))
    kwargs: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    shared: bool = False  # of all sites: there is no foreign one


def address(name: str, row: Row, objects: dict[str, Any]) -> str:
    kwargs = dict(row.kwargs)
    plain = name.partition("/")[0]
    if plain == "userids:replacement_new":
        return f"{reverse(plain)}?account={objects['account']}"
    if plain == "api:not-found":
        return "/api/v1/no/such/thing/"
    if row.of == "session":
        kwargs["handle"] = objects["session"]
    elif row.of:
        kwargs["number" if row.of == "number" else "pk"] = objects[row.of]
    return reverse(plain, kwargs=kwargs) + row.query


def ask(client: Client, method: str, url: str, *, drawn: bool = False) -> int:
    """The status; whatever the request did is undone. Pages are not drawn: that takes longer than all else."""
    session = client.cookies.copy()
    with transaction.atomic(), nullcontext() if drawn else patch.object(Template, "render", return_value=""):
        send: Callable[..., Any] = getattr(client, method)
        data = {"kind": "userids.logbook"} if url.endswith("/exports/new/") else {}
        data = {"key": "law", "note": "x"} if url.endswith("/condition/") else data
        answer = send(url, data=data) if method in {"get", "post"} else send(url)
        transaction.set_rollback(True)
    client.cookies = session
    return int(answer.status_code)


def expected(row: Row, role: Role, method: str, *, own: bool) -> str:
    allowed = {"get": row.get, "post": row.post, "put": row.put}[method]
    if allowed is None:
        return "no method"
    if row.of and (not own or role not in row.sees):
        return "hidden"
    return "in" if role in allowed else "refused"


ANSWERS = {"hidden": {404}, "refused": {403, 404}, "in": DONE}


def who_is_let_in(world: World, clients: dict[Role, Client], name: str, row: Row) -> list[tuple[str, ...]]:
    """What each role is told that it should not be: role, method, own or foreign, what was meant, what came."""
    wrong = []
    drawn = set()  # the methods whose answer was drawn once, for the first who is let in
    with transaction.atomic():
        for role, client in clients.items():
            # To whom the own one is hidden, no foreign one is shown.
            for own in (True, False) if row.of and not row.shared and role in row.sees else (True,):
                url = address(name, row, world["JKT" if own else "YGY"])
                for method in ("get", "post", "put"):
                    if method == "put" and row.put is None:
                        continue  # asked for below, as somebody who may do nothing
                    want = expected(row, role, method, own=own)
                    if want == "no method" and (role, own) != (next(iter(clients)), True):
                        continue  # no method is nobody's: asked for once
                    first = want == "in" and method not in drawn
                    drawn |= {method} if first else set()
                    status = ask(client, method, url, drawn=first)
                    good = {403, 404, 405} if want == "no method" else ANSWERS[want]
                    if status not in good:
                        wrong.append((str(role), method, "own" if own else "foreign", want, str(status)))
        for method in ("put", "patch", "delete"):
            if method == "put" and row.put is not None:
                continue  # asked for above
            if (status := ask(clients[Role.AUDITOR], method, address(name, row, world["JKT"]))) not in {403, 404, 405}:
                wrong.append(("auditor", method, "own", "no method", str(status)))
        transaction.set_rollback(True)
    return wrong


def what_a_stranger_gets(world: World, name: str, row: Row) -> list[tuple[str, int]]:
    """What somebody who has not logged in is told that nobody should be."""
    url, refusals = address(name, row, world["JKT"]), {401, 403, 404, 405} if name.startswith("api:") else {302}
    said = [(method, ask(Client(), method, url)) for method in ("get", "post", "put", "delete")]
    return [(method, status) for method, status in said if status not in refusals]


def job_of_a_stranger(stranger: User, asker: User) -> Job:
    """A job that nobody but `stranger` may see."""
    job = job_start(kind="userids.logbook", params={"query": ""}, owner=asker, now=timezone.now())
    job.owner = stranger
    job.save(update_fields=["owner"])
    return job
