"""The access matrix of the kernel: the own pages, log-ins, documents, exports (KER-9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.documents.attachments import attachment_add
from occ.documents.services import document_issue
from occ.home.governance import LEDGER_READERS
from occ.home.navigation import FLOOR
from occ.login.models import Session
from occ.login.sessions import SessionStore
from occ.login.views.logins import DEEDS
from occ.notifications.kinds import KINDS, Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.people.choosing import CHOOSERS
from occ.people.models import SavedView, Site, User
from occ.policies.registry import SETTERS
from sdm.personal import LETTER_READERS
from tests.access.matrix import EVERYBODY, READERS, Row, World, job_of_a_stranger, what_a_stranger_gets, who_is_let_in
from tests.factories import PDF, person, user
from userids.documents import LOGBOOK, logbook_body
from userids.services import deactivations

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
ADMINISTRATORS = {Role.ADMINISTRATOR}
DOCUMENT_READERS = set(LOGBOOK.reading_roles)
ROWS: dict[str, Row] = {
    "home": Row(get=EVERYBODY),
    "inbox": Row(get=EVERYBODY),
    "inbox_read_all": Row(post=EVERYBODY),
    "notification": Row(post=EVERYBODY, of="notification", sees=set()),
    "saved_view_new": Row(post=EVERYBODY),
    "saved_view_remove": Row(post=EVERYBODY, of="view", sees=set()),
    "search": Row(get=EVERYBODY, query="?q=omn"),
    "compliance": Row(get=set(FLOOR)),
    "obligations": Row(get=set(FLOOR)),
    "policies": Row(get=set(FLOOR)),
    "policy_back": Row(post=set(SETTERS), kwargs={"key": "userids.deactivate.hours"}),
    "policy": Row(get=set(FLOOR), post=set(SETTERS), kwargs={"key": "userids.deactivate.hours"}),
    "sop": Row(get=set(FLOOR)),
    "ledger": Row(get=set(LEDGER_READERS)),
    "logout": Row(post=EVERYBODY),
    "second_factor": Row(get=EVERYBODY),
    "second_factor_set": Row(get=EVERYBODY, post=EVERYBODY),
    "second_factor_codes": Row(post=EVERYBODY),
    "second_factor_off": Row(post=EVERYBODY),
    "sessions": Row(get=EVERYBODY),
    "sessions_end_others": Row(post=EVERYBODY),
    "session_end": Row(post=EVERYBODY, of="session", sees=set()),
    "logins": Row(get=ADMINISTRATORS),
    "login_one": Row(get=ADMINISTRATORS, of="user", sees=ADMINISTRATORS),
    "login_unlock": Row(post=ADMINISTRATORS, of="user", sees=ADMINISTRATORS),
    "login_sessions_end": Row(post=ADMINISTRATORS, of="user", sees=ADMINISTRATORS),
    "password_change": Row(get=EVERYBODY, post=EVERYBODY),
    "password_change_done": Row(get=EVERYBODY),
    "people_find": Row(get=EVERYBODY, kwargs={"chooser": "sdm.leader"}, query="?q=orang"),
    "exports:list": Row(get=EVERYBODY),
    "exports:new": Row(post=READERS),
    "exports:job": Row(get=EVERYBODY, of="job", sees=set()),
    "exports:file": Row(get=EVERYBODY, of="job", sees=set()),
    "documents:register": Row(get=EVERYBODY - {Role.AGENT}),
    "documents:detail": Row(get=DOCUMENT_READERS, of="document",
                            sees=DOCUMENT_READERS),
    "documents:sign": Row(post=DOCUMENT_READERS, of="document",
                          sees=DOCUMENT_READERS),
    "documents:download": Row(get=DOCUMENT_READERS, of="document",
                              sees=DOCUMENT_READERS),
    "documents:attachment": Row(get=set(LETTER_READERS), of="attachment", sees=set(LETTER_READERS)),
    "api:schema": Row(get=EVERYBODY),
    "api:not-found": Row(of="nothing", sees=set()),
}  # fmt: skip
for name in DEEDS:
    ROWS[f"login_deed/{name}"] = Row(post=ADMINISTRATORS, of="user", sees=ADMINISTRATORS, kwargs={"deed": name})


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    support, leaver = user(Role.SUPPORT, where), person(where)
    stranger = User.objects.create_user(f"stranger.{where.code}")
    resignation = deactivations.resignation_record(
        person_id=leaver.pk, last_working_day=now.date() + timedelta(days=9), actor=support, now=now
    )
    file = SimpleUploadedFile("surat.pdf", PDF)
    letter = attachment_add(file=file, subject=resignation, actor=support, now=now, purpose="letter")
    body = logbook_body(rows=[], totals={}, site=where.name, period=None, as_of=now.date(), language="id")
    document = document_issue(
        type=LOGBOOK, site=where, subject=None, title="Logbook", data=body, language="id", actor=support, now=now
    )
    if "test.matrix" not in KINDS:
        register(Kind("test.matrix", "x", "x"))
    (news,) = notify(to=[stranger], kind="test.matrix", params={}, key="m", now=now)
    view = SavedView.objects.create(user=stranger, page="/userids/accounts/", name="Mine", query="site=1")
    theirs = SessionStore()
    theirs["_auth_user_id"] = str(stranger.pk)
    theirs.create()
    member = User.objects.create_user(f"member.{where.code}", person=leaver)
    return {
        "attachment": letter.pk, "document": document.pk, "notification": news.pk, "view": view.pk,
        "job": job_of_a_stranger(stranger, support).pk, "user": member.pk, "nothing": 0,
        "session": Session.objects.get(pk=theirs.session_key).handle,
    }  # fmt: skip


# Whose people a chooser names to somebody who may do nothing else with them, by key.
NAMED_TO_ALL = {"realtime.colleague"}


@pytest.mark.parametrize("key", sorted(set(CHOOSERS) - NAMED_TO_ALL))
def test_a_chooser_names_nobody_to_who_may_not_choose(clients: dict[Role, Client], key: str) -> None:
    for role in (Role.CLIENT, Role.AGENT):
        found = clients[role].get(reverse("people_find", args=[key]), {"q": "a"}).json()["results"]
        assert len(found) <= 1, (role, key, found)  # oneself at most


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
