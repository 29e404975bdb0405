"""Two at once at the disposal of documents (RET-8, RET-9, RET-11): each waits for the other, or is refused."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from occ.approvals.models import Approval
from occ.errors import WrongState
from occ.people.choices import Role
from occ.people.models import RoleAssignment, User
from retention.models import DocumentTombstone, Proposal, Shredding
from retention.services.register import Line, entry_change
from tests.factories import PASSWORD, Floor
from tests.retention.disposal import NOW
from tests.retention.papers import LATER, Papers, papers
from tests.userids.test_ladder import in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("RET-8", "RET-9", "RET-11")]


@pytest.fixture
def world(tmp_path: Path, live_floor: Floor) -> Papers:
    return papers(tmp_path)


def twin(of: User, role: Role, world: Papers) -> User:
    made = User.objects.create_user(username=f"{of.username}.2", password=PASSWORD)
    RoleAssignment.objects.create(user=made, role=role, site=world.site, starts_on=NOW.date() - timedelta(days=900))
    return made


def test_an_entry_that_is_being_put_right_is_looked_at_as_it_then_is(world: Papers) -> None:
    """Else what is taken to the shredder is not what was approved."""
    proposal, entry = world.executing(), world.entries[0]
    facts = {name: getattr(entry, name) for name in Line.__dataclass_fields__}

    def worker() -> None:
        world.run(proposal)
        connection.close()

    run = threading.Thread(target=worker)
    with transaction.atomic():
        entry_change(
            entry_id=entry.pk, line=Line(**facts | {"title": "Lain"}), why="Salah judul", actor=world.control, now=LATER
        )
        run.start()
        run.join(1.5)
    run.join(30)
    line = proposal.items.get(entry=entry)
    assert (line.state, line.live) == ("released", False)


def test_two_approvers_at_once_decide_once(world: Papers) -> None:
    proposal = world.submitted()
    who = iter((world.client, twin(world.client, Role.CLIENT, world)))
    said = in_threads(2, lambda: world.decide(proposal, actor=next(who)))
    assert [type(one) for one in said if not isinstance(one, Proposal)] == [WrongState], said
    assert Approval.objects.count() == 1 and Proposal.objects.get(pk=proposal.pk).status == "approved"


def test_two_who_destroyed_the_same_papers_are_one(world: Papers) -> None:
    proposal = world.destroyed()
    who = iter((world.it, twin(world.it, Role.IT, world)))
    said = in_threads(2, lambda: world.by_hand(proposal, actor=next(who)))
    assert [one for one in said if isinstance(one, int)] == [len(world.entries)], said
    assert Shredding.objects.count() == len(world.entries)
    assert DocumentTombstone.objects.filter(entry__isnull=False).count() == len(world.entries)
    assert Proposal.objects.get(pk=proposal.pk).status == "destroyed"
