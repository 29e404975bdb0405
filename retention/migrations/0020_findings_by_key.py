"""Findings about keys from before there was one per key: one of each key's goes on, the others refer to it.

They were named after a package in a store, or a record in it; a key lies in no place. What goes on has the earliest
times of them all, and stays as it is where a check found that key since. The others stay, resolved, with the reason.
"""

import json
from typing import Any

from django.db import migrations
from django.utils import timezone
from django.utils.translation import gettext_noop

STANDING = ("open", "proposed")
SOME = 1_000
JOINED = gettext_noop("Goes on in finding %(number)s: a key has one finding, whatever stores and packages it shuts.")
TAKEN_IN = gettext_noop("Has taken in the findings about the same key: %(numbers)s.")
WHO, FLOW, RULE = "system:migration", "retention.finding", "retention.finding_settled"


def kept(words: str, **values: str) -> str:
    """As occ.texts keeps what the system says."""
    return f"⟦{words}¦{json.dumps(values)}⟧"


def one_per_key(apps: Any, schema_editor: Any) -> None:
    """In as many statements for thousands of findings as for one, but for batches of SOME rows."""
    findings = apps.get_model("retention", "Finding").objects.filter(kind="key_missing")
    old = findings.filter(status__in=STANDING, store__isnull=False, bag__isnull=False)
    groups: dict[tuple[int, str], list[Any]] = {}
    for one in old.select_related("bag", "site").order_by("pk"):
        _package, mark, record = one.name.partition("#")
        groups.setdefault((one.bag_id, one.bag.identifier + mark + record), []).append(one)
    names = sorted({name for _bag, name in groups})
    known = findings.filter(store=None, source=None, name__in=names).select_related("site")
    there = {one.name: one for one in known}
    told = Telling(apps, [one.pk for one in [*there.values(), *(one for rows in groups.values() for one in rows)]])
    for (_bag, name), rows in groups.items():
        rows.sort(key=lambda one: (one.status != "open", one.due_at, one.pk))
        stays = there.get(name) or rows[0]
        others = [one for one in rows if one != stays]
        if stays.status in STANDING:
            goes_on(told, stays, name, rows)
        for one in others:
            was, one.status, one.settled_at = one.status, "resolved", told.now
            one.proposed_by = None
            words = kept(JOINED, number=str(stays.pk))
            told.step(one, "join", was, words)
            told.over(one, stays, words)
        if stays.status in STANDING:
            numbers = ", ".join(str(one.pk) for one in others)
            words = kept(TAKEN_IN, numbers=numbers) if others else kept(JOINED, number=str(stays.pk))
            told.step(stays, "take_in", stays.status, words)
    told.write()


def goes_on(told: "Telling", stays: Any, name: str, rows: list[Any]) -> None:
    stays.store, stays.name = None, name
    for field in ("found_at", "due_at"):
        setattr(stays, field, min(getattr(one, field) for one in [stays, *rows]))
    stays.seen_at = max(one.seen_at for one in [stays, *rows])
    told.owed_by(stays, rows)


class Telling:
    """Gathers what became of the findings, of their history, the ledger and what is owed; `write` writes all of it."""

    def __init__(self, apps: Any, pks: list[int]) -> None:
        self.now = timezone.now()
        self.model = apps.get_model
        kinds = apps.get_model("contenttypes", "ContentType").objects
        self.kind = kinds.filter(app_label="retention", model="finding").first()
        rows = self.model("obligations", "Obligation").objects.filter(rule=RULE, content_type=self.kind, state="open")
        self.duties = {duty.object_id: duty for duty in rows.filter(object_id__in=pks).order_by("-pk")}
        self.findings: list[Any] = []
        self.owed: dict[int, Any] = {}
        self.made: dict[str, list[Any]] = {}

    def write(self) -> None:
        fields = ["status", "settled_at", "proposed_by", "store", "name", "found_at", "due_at", "seen_at"]
        self.model("retention", "Finding").objects.bulk_update(self.findings, fields, batch_size=SOME)
        fields = ["due_at", "starts_at", "breached_at", "next_at", "closed_at", "evidence", "state", "fulfilled_at"]
        duties = self.model("obligations", "Obligation").objects
        duties.bulk_update(list(self.owed.values()), fields, batch_size=SOME)
        for rows in self.made.values():
            type(rows[0]).objects.bulk_create(rows, batch_size=SOME)

    def make(self, app: str, name: str, /, **values: Any) -> None:
        self.made.setdefault(name, []).append(self.model(app, name)(**values))

    def step(self, one: Any, name: str, was: str, note: str) -> None:
        self.findings.append(one)
        history = self.model("retention", "HistoricalFinding")
        skip = {"history_id", "history_date", "history_change_reason", "history_type", "history_user"}
        row = {field.attname: getattr(one, field.attname) for field in history._meta.fields if field.name not in skip}
        self.make("retention", "HistoricalFinding", **row, history_date=self.now, history_change_reason=note,
                  history_type="~")  # fmt: skip
        facts = {"from_state": was, "to_state": one.status, "note": note, "evidence": {}}
        self.make("workflow", "WorkflowStep", flow=FLOW, content_type=self.kind, object_id=one.pk, transition=name,
                  at=self.now, actor_label=WHO, **facts)  # fmt: skip
        self.ledger(f"{FLOW}.{name}", "retention.finding", one.pk, one.site,
                    {"from": was, "to": one.status, "note": note, "evidence": {}})  # fmt: skip

    def ledger(self, action: str, subject: str, pk: int, site: Any, data: dict[str, Any]) -> None:
        self.make("ledger", "Entry", at=self.now, actor_label=WHO, action=action, subject_type=subject,
                  subject_id=str(pk), site_code=site.code, data=data)  # fmt: skip

    def event(self, duty: Any, kind: str, data: dict[str, Any]) -> None:
        self.owed[duty.pk] = duty
        self.make("obligations", "ObligationEvent", obligation=duty, kind=kind, at=self.now, due_at=duty.due_at,
                  actor_label=WHO, data=data)  # fmt: skip

    def owed_by(self, stays: Any, rows: list[Any]) -> None:
        """What is owed is owed by the earliest time of them all; a breach that one of them had stays."""
        duty, duties = self.duties.get(stays.pk), [self.duties[one.pk] for one in rows if one.pk in self.duties]
        if duty is None:
            return
        was, duty.due_at = duty.due_at, stays.due_at
        duty.starts_at = min(duty.starts_at, stays.found_at)
        breaches = [one.breached_at for one in [duty, *duties] if one.breached_at]
        duty.breached_at = min(breaches, default=None)
        duty.next_at = self.now
        self.owed[duty.pk] = duty
        if was != duty.due_at:
            self.event(duty, "moved", {"was": was.isoformat(), "reason": "One finding per key"})
            self.ledger("obligation.moved", "obligations.obligation", duty.pk, stays.site,
                        {"was": was.isoformat(), "due_at": duty.due_at.isoformat(), "reason": "One finding per key"})  # fmt: skip

    def over(self, one: Any, stays: Any, words: str) -> None:
        """Owed on by what goes on; where that is settled already, it was done when that was."""
        duty = self.duties.get(one.pk)
        if duty is None:
            return
        duty.closed_at, duty.next_at, duty.evidence = self.now, None, {"text": words}
        if stays.status in STANDING:
            duty.state, action, data = "cancelled", "cancelled", {"reason": words}
        else:
            at = stays.settled_at or self.now
            duty.state, duty.fulfilled_at, action = "fulfilled", at, "fulfilled"
            data = {"fulfilled_at": at.isoformat(), "due_at": duty.due_at.isoformat(),
                    "on_time": at <= duty.due_at and duty.breached_at is None}  # fmt: skip
        self.event(duty, action, data)
        self.ledger(f"obligation.{action}", "obligations.obligation", duty.pk, one.site, data)


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0019_findings_by_two"),
        ("workflow", "0001_initial"),
        ("obligations", "0003_in_time_after_all"),
        ("ledger", "0002_triggers"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(one_per_key, migrations.RunPython.noop)]
