"""Candidates of recruitment in the batches of training: begun, told, hired; the name is not kept there."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from occ.errors import Invalid
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import User
from occ.workflow.models import WorkflowStep
from sdm.models import Candidate, Participant, Recruitment, TrainingBatch
from sdm.services import candidates
from sdm.services.training import batch_open, participant_link, stage_advance
from tests.factories import DAY, NOW, Floor, user
from tests.sdm import recruits, training

pytestmark = pytest.mark.req("SDM-3", "SDM-4")


def begun(row: Recruitment) -> Candidate:
    found = recruits.applied(row)
    candidates.candidate_check(candidate_id=found.pk, actor=user(Role.HR_RECRUITMENT), now=NOW)
    return candidates.candidate_train(candidate_id=found.pk, actor=training.hr(), now=NOW)


def of(found: Candidate) -> Participant:
    return Participant.objects.get(number=f"CAND-{found.pk}")


def fresh(found: Candidate) -> Candidate:
    return Candidate.objects.get(pk=found.pk)


def batch_on(floor: Floor, code: str, days: int) -> TrainingBatch:
    return batch_open(
        site=floor.jkt, code=code, title="Agent", starts_on=DAY + timedelta(days=days), actor=training.hr(), now=NOW
    )


def test_without_an_open_batch_the_result_is_recorded_by_hand(floor: Floor) -> None:
    found = begun(recruits.recruiting(floor))
    assert (found.status, Participant.objects.count()) == ("training", 0)
    candidates.candidate_pass(candidate_id=found.pk, training_score=80, actor=training.hr(), now=NOW)
    assert fresh(found).status == "passed"


def test_the_batch_that_begins_next_and_has_not_gone_on_takes_the_candidate(floor: Floor) -> None:
    row = recruits.recruiting(floor)
    last = batch_on(floor, "LAST", -5)
    assert of(begun(row)).batch == last
    batch_on(floor, "LATER", 9)
    soon = batch_on(floor, "SOON", 2)
    one = begun(row)
    assert of(one).batch == soon
    training.brought(floor, of(one), "hardskill")
    assert of(begun(row)).batch.code == "LATER"  # whoever comes now would have missed the softskill training


def test_what_the_batch_shows_is_told_to_recruitment_once(floor: Floor) -> None:
    row, where = recruits.recruiting(floor), training.batch(floor)
    good, direct, poor, taken = begun(row), begun(row), begun(row), begun(row)
    training.step(floor, of(good), "softskill")
    training.score(of(good), training.hr(), 84.5)
    stage_advance(batch_id=where.pk, stage="softskill", actor=training.hr(), now=NOW)
    assert (fresh(good).status, fresh(good).training_score) == ("passed", 85)
    training.step(floor, of(direct), "hardskill")  # softskill is known already: no score
    assert (fresh(direct).status, fresh(direct).training_score) == ("passed", None)
    training.step(floor, of(poor), "withdraw", note="Tidak hadir tiga hari")
    assert fresh(poor).status == "not_passed"
    candidates.candidate_withdraw(candidate_id=taken.pk, note="Pindah kota", actor=user(Role.HR_RECRUITMENT), now=NOW)
    assert (fresh(taken).status, of(taken).status) == ("withdrawn", "out")
    passes = WorkflowStep.objects.filter(flow="sdm.candidate", object_id=good.pk, to_state="passed")
    assert passes.count() == 1


def test_who_trains_again_needs_another_batch(floor: Floor) -> None:
    row, first = recruits.recruiting(floor), training.batch(floor)
    found = begun(row)
    training.step(floor, of(found), "withdraw", note="Belum siap")
    second = batch_on(floor, "JKT-2026-12", 20)
    candidates.candidate_train_again(candidate_id=found.pk, actor=training.hr(), now=NOW)
    batches = Participant.objects.filter(number=f"CAND-{found.pk}").values_list("batch", flat=True)
    assert set(batches) == {first.pk, second.pk}


def test_the_name_is_shown_to_who_reads_candidates_and_kept_nowhere(floor: Floor) -> None:
    where = training.batch(floor)
    found = begun(recruits.recruiting(floor))
    one = of(found)
    assert found.name not in one.name and str(found.pk) in one.name
    assert not one.history.filter(name=found.name).exists()

    def reads(who: User) -> list[bool]:
        client = Client()
        client.force_login(who)
        pages = [client.get(one.get_absolute_url()), client.get(where.get_absolute_url())]
        assert {page.status_code for page in pages} == {200}
        return [found.name in page.content.decode() for page in pages]

    assert (reads(training.hr()), reads(floor.leader)) == ([True, True], [False, False])


def test_who_is_hired_is_the_employee_of_the_training(floor: Floor) -> None:
    row = recruits.recruiting(floor)
    training.batch(floor)
    found = begun(row)
    one = of(found)
    training.step(floor, one, "hardskill")
    recruits.contracting(floor, row)
    recruits.signed(found)
    hired = recruits.hired(found)
    one.refresh_from_db()
    assert hired.employee is not None
    assert (one.person, one.number, one.name) == (hired.employee, hired.employee.number, hired.employee.name)


def test_nobody_takes_a_candidates_number_by_hand(floor: Floor) -> None:
    with pytest.raises(Invalid) as refused:
        training.add(training.batch(floor), number=" cand-7")
    assert refused.value.field == "number"


def test_who_withdraws_trains_no_longer(floor: Floor) -> None:
    batch_on(floor, "SOON", 2)
    found, other = begun(row := recruits.recruiting(floor)), begun(row)
    candidates.candidate_withdraw(
        candidate_id=found.pk, note="Diterima di tempat lain.", actor=user(Role.HR_RECRUITMENT), now=NOW
    )
    assert (of(found).status, of(found).ended_at) == ("out", NOW)
    assert (of(other).status, fresh(found).ended_at) == ("registered", NOW)


def test_names_typed_before_are_erased_and_nothing_else_of_the_history_changes(floor: Floor) -> None:
    erase = import_module("sdm.migrations.0021_participants_erased").erase
    where, long_ago = training.batch(floor), timezone.now() - timedelta(days=400)
    gone, kept = begun(recruits.recruiting(floor)), begun(recruits.recruiting(floor))
    forgotten, standing = of(gone), of(kept)
    candidates.candidate_withdraw(candidate_id=gone.pk, note="x", actor=user(Role.HR_RECRUITMENT), now=NOW)
    assert candidates.candidates_forget(now=NOW + timedelta(days=400)) == 1
    out, lately, going = (training.add(where, f"Calon {n}", f"L-{n}") for n in range(3))
    employee = training.add(where, person=floor.agent)
    for one in (forgotten, standing):
        one.name = "Nama Terketik"
        one.save(update_fields=["name"])
    for one, at in ((out, long_ago), (lately, timezone.now())):
        Participant.objects.filter(pk=one.pk).update(status="out", ended_at=at, out_reason="Tidak hadir")
    entries = Entry.objects.count()
    erase(apps, None)
    names = dict(Participant.objects.values_list("pk", "name"))
    assert {pk for pk, name in names.items() if name == "–"} == {forgotten.pk, out.pk}
    assert not Participant.history.filter(id__in=[forgotten.pk, out.pk]).exclude(name="–").exists()
    assert Participant.history.filter(id__in=[standing.pk, lately.pk, going.pk]).exclude(name="–").count() > 3
    assert Participant.objects.get(pk=out.pk).number == "" and of(gone).pk == forgotten.pk
    assert Entry.objects.count() == entries + 1
    assert Entry.objects.latest("pk").data == {"participants": 2}
    erase(apps, None)
    assert Entry.objects.count() == entries + 1
    for pk, change in (
        (going.pk, {"name": "Lain"}), (going.pk, {"name": "–", "status": "out"}), (employee.pk, {"name": "–"}),
        (out.pk, {"name": "Calon 0"}), (going.pk, {"name": "–", "number": "X"}),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Participant.history.filter(id=pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.history.filter(id=going.pk).delete()


def test_names_typed_into_a_batch_are_forgotten_by_the_candidates_rule_and_results_stay(
    floor: Floor, client: Client
) -> None:
    where = training.batch(floor)
    named = begun(recruits.recruiting(floor))
    old = of(named)
    old.name = "Sari Terketik"  # as batches had it before recruitment put its candidates in
    old.save(update_fields=["name"])
    typed, going, linked = (training.add(where, f"Sari {n}", f"L-{n}") for n in range(3))
    candidates.candidate_withdraw(candidate_id=named.pk, note="x", actor=user(Role.HR_RECRUITMENT), now=NOW)
    training.brought(floor, typed, "hardskill")
    typed.refresh_from_db()
    training.step(floor, typed, "withdraw", note="Mundur")
    training.step(floor, linked, "withdraw", note="Mundur")
    participant_link(participant_id=linked.pk, person=floor.agent, actor=training.hr(), now=NOW)
    results = typed.results.count()
    due = fresh(named).ended_at + timedelta(days=180)  # type: ignore[operator]
    assert candidates.candidates_forget(now=due) == 0
    assert candidates.candidates_forget(now=due + timedelta(seconds=1)) == 2
    assert candidates.candidates_forget(now=due + timedelta(days=1)) == 0
    assert dict(Participant.objects.values_list("pk", "name")) == {
        old.pk: "–", typed.pk: "–", going.pk: "Sari 1", linked.pk: linked.name}  # fmt: skip
    rows = Participant.history.filter(id__in=[old.pk, typed.pk])
    assert rows.exists() and not rows.exclude(name="–").exists()
    assert (of(named).pk, typed.results.count()) == (old.pk, results) and results
    assert Participant.objects.get(pk=typed.pk).number == ""
    assert Entry.objects.filter(action="training.names_erased").count() == 2
    client.force_login(training.hr())
    page = client.get(typed.get_absolute_url()).content.decode()
    assert "Sari" not in page and f"Peserta {typed.pk}, dianonimkan" in page
