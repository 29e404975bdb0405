"""Outbox and inbox (KER-8): in the same transaction, each once, to whom it reaches; e-mail against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import transaction

from occ.notifications.addressees import audience
from occ.notifications.kinds import KINDS, Kind, register
from occ.notifications.models import Delivery, Notification
from occ.notifications.services import RETRIES, deliver_due, notify
from occ.people.choices import Role
from occ.people.models import Absence, User
from occ.runtime.servers import free_port
from tests.factories import DAY, NOW, Floor, person, site, user
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("KER-8")
if "test.news" not in KINDS:
    register(Kind("test.news", "News of %(what)s", "%(what)s happened."))


class Mailbox:
    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.refuse = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return "451 try later"
        self.letters.append(envelope)
        return "250 kept"


@pytest.fixture
def mail(settings: Any) -> Iterator[Mailbox]:
    """A real SMTP server."""
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
    yield box
    server.stop()


def tell(*users: User, key: str = "k") -> list[Notification]:
    return notify(to=users, kind="test.news", params={"what": "Something"}, key=key, url="/x/", now=NOW)


def test_it_goes_out_once_and_in_the_readers_language(db: None, mail: Mailbox) -> None:
    reader = user(Role.SUPPORT)
    tell(reader)
    tell(reader)
    assert deliver_due(now=NOW) == (1, 0)
    assert deliver_due(now=NOW) == (0, 0)
    assert len(mail.letters) == 1
    assert mail.letters[0].rcpt_tos == [reader.email]
    assert b"News of Something" in mail.letters[0].content


def test_a_day_is_said_as_the_language_writes_it() -> None:
    kind = KINDS["test.news"]
    assert kind.say("%(name)s (%(day)s)", {"name": "Rani", "day": "2026-12-05"}) == "Rani (5 Desember 2026)"


def test_what_is_rolled_back_tells_nobody(db: None, mail: Mailbox) -> None:
    with transaction.atomic():
        tell(user(Role.SUPPORT))
        transaction.set_rollback(True)
    assert (Notification.objects.count(), deliver_due(now=NOW)) == (0, (0, 0))


def test_a_server_that_was_away_is_caught_up_with(db: None, mail: Mailbox) -> None:
    tell(user(Role.SUPPORT))
    mail.refuse = True
    at = NOW
    for wait in RETRIES[:3]:
        assert deliver_due(now=at) == (0, 1)
        assert deliver_due(now=at + wait / 2) == (0, 0)
        at += wait
    mail.refuse = False
    assert deliver_due(now=at) == (1, 0)


def test_in_the_end_it_is_given_up_and_shown_as_failed(db: None, mail: Mailbox) -> None:
    tell(user(Role.SUPPORT))
    mail.refuse = True
    at = NOW
    for wait in [*RETRIES, timedelta(0)]:
        deliver_due(now=at)
        at += wait
    assert Delivery.objects.get().state == "failed"
    assert deliver_due(now=at + timedelta(days=30)) == (0, 0)


def test_two_deliverers_at_once_send_one_letter(transactional_db: None, mail: Mailbox) -> None:
    tell(user(Role.SUPPORT))
    results = in_threads(4, lambda: deliver_due(now=NOW))
    assert sum(one[0] for one in results) == len(mail.letters) == 1  # type: ignore[index]


def test_the_deputy_of_somebody_away_hears_it_too(floor: Floor) -> None:
    deputy = user(Role.AGENT, floor.jkt, name="deputy")
    Absence.objects.create(user=floor.leader, deputy=deputy, starts_on=DAY, ends_on=DAY)
    assert audience(Role.TEAM_LEADER, site=floor.jkt, now=NOW) == [floor.leader, deputy]
    assert audience(Role.TEAM_LEADER, site=floor.jkt, now=NOW + timedelta(days=2)) == [floor.leader]


def test_a_leaver_is_never_addressed_but_the_deputy_is(floor: Floor) -> None:
    floor.leader.person = person(floor.jkt)
    floor.leader.person.last_working_day = DAY - timedelta(days=1)
    floor.leader.person.save()
    floor.leader.save()
    deputy = user(Role.AGENT, floor.jkt, name="deputy")
    Absence.objects.create(user=floor.leader, deputy=deputy, starts_on=DAY, ends_on=DAY)
    assert audience(Role.TEAM_LEADER, site=floor.jkt, now=NOW) == [deputy]


def test_who_has_left_since_gets_no_letter_any_more(floor: Floor, mail: Mailbox) -> None:
    """Written while they were there; the mail server was away until after their last day."""
    support, leader = floor.support, floor.leader
    leader.person = person(floor.jkt)
    leader.save()
    tell(support, leader)
    mail.refuse = True
    assert deliver_due(now=NOW) == (0, 2)
    mail.refuse = False
    leader.person.last_working_day = DAY - timedelta(days=1)
    leader.person.save()
    User.objects.filter(pk=support.pk).update(is_active=False)
    assert deliver_due(now=NOW + RETRIES[0]) == (0, 0)
    assert not mail.letters
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed"}


def test_where_nobody_holds_the_role_it_goes_up(floor: Floor) -> None:
    assert audience(Role.TEAM_LEADER, site=site("YGY"), now=NOW) == [floor.manager]
