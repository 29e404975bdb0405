"""The numbers of leave as dated policies, each with the law it comes from, and the kinds as rows (SDM-9)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, step
from occ.obligations.rules import register as register_rule
from occ.people.choices import Role
from occ.policies.models import Policy
from occ.policies.registry import DEFINITIONS, Column, Definition, number, register
from occ.policies.services import policy_value
from occ.times import JAKARTA, end_of_day
from sdm.absence.balance import Terms
from sdm.absence.choices import Counted, Group, YesNo

LAW = "UU 13/2003 ps. 79"
KINDS = "sdm.leave.kinds"
ANNUAL_DAYS = "sdm.leave.annual.days"
AFTER_MONTHS = "sdm.leave.annual.after_months"
CARRY_DAYS = "sdm.leave.annual.carry_days"
CARRY_MONTHS = "sdm.leave.annual.carry_months"
WEEK = "sdm.leave.week"
LATE_DAYS = "sdm.leave.late_days"
DECIDE_DAYS = "sdm.leave.decide.days"
CONFIRM_DAYS = "sdm.leave.confirm.days"
NOTE_DAYS = "sdm.leave.note.days"
DECIDE, CONFIRM, NOTE = "sdm.leave.decide", "sdm.leave.confirm", "sdm.leave.note"


def whole(least: int, most: int) -> Callable[[Any], None]:
    between = number(least, most)

    def valid(value: Any) -> None:
        between(value)
        if value != int(value):
            raise ValueError(_now("a whole number is needed"))

    return valid


def valid_kinds(value: Any) -> None:
    if not isinstance(value, list) or not value:
        raise ValueError("a list of rows is needed")
    for row in value:
        if row.get("group") not in Group.values or row.get("counts") not in Counted.values:
            raise ValueError("a row says what kind of leave it is, and which days count")
        if row.get("paid") not in YesNo.values or row.get("proof") not in YesNo.values:
            raise ValueError("a row says whether it is paid, and whether a proof is brought")
        whole(0, 366)(row.get("days"))
        if not 0 < len(row.get("label") or "") <= 80 or len(row.get("source") or "") > 120:
            raise ValueError(_now("each kind has a name"))
    keys = [row.get("key") for row in value]
    if len(set(keys)) != len(keys) or not all(isinstance(one, str) and 0 < len(one) <= 40 for one in keys):
        raise ValueError("each key is a word of its own, at most 40 characters")
    if sum(row["group"] == Group.ANNUAL for row in value) != 1:
        raise ValueError(_now("there is one annual leave"))


def kind(
    key: str, label: str, group: Group, days: int, source: str, counts: Counted = Counted.WORKING,
    paid: YesNo = YesNo.YES, proof: YesNo = YesNo.NO,
) -> dict[str, Any]:  # fmt: skip
    return {"key": key, "label": label, "group": str(group), "days": days, "counts": str(counts), "paid": str(paid),
            "proof": str(proof), "source": source}  # fmt: skip


# Days 0: as long as it lasts. UU 13/2003 art. 93 (4) names what is paid without work, and for how long.
FIRST_KINDS = [
    kind("annual", gettext_noop("Annual leave"), Group.ANNUAL, 0, "UU 13/2003 ps. 79 (3)"),
    kind("sick", gettext_noop("Sick, with a doctor's note"), Group.SICK, 0, "UU 13/2003 ps. 93 (2) a, (3)",
         Counted.CALENDAR, proof=YesNo.YES),
    kind("period", gettext_noop("First and second day of menstruation"), Group.SICK, 2, "UU 13/2003 ps. 81, 93 (2) b"),
    kind("maternity", gettext_noop("Maternity leave"), Group.MATERNITY, 92, "UU 13/2003 ps. 82 (1)", Counted.CALENDAR,
         proof=YesNo.YES),
    kind("miscarriage", gettext_noop("Miscarriage"), Group.MATERNITY, 46, "UU 13/2003 ps. 82 (2)", Counted.CALENDAR,
         proof=YesNo.YES),
    kind("marries", gettext_noop("Marries"), Group.IMPORTANT, 3, "UU 13/2003 ps. 93 (4) a"),
    kind("child_marries", gettext_noop("A child marries"), Group.IMPORTANT, 2, "UU 13/2003 ps. 93 (4) b"),
    kind("circumcision", gettext_noop("A son is circumcised"), Group.IMPORTANT, 2, "UU 13/2003 ps. 93 (4) c"),
    kind("baptism", gettext_noop("A child is baptised"), Group.IMPORTANT, 2, "UU 13/2003 ps. 93 (4) d"),
    kind("birth", gettext_noop("The wife gives birth or miscarries"), Group.IMPORTANT, 2, "UU 13/2003 ps. 93 (4) e"),
    kind("death", gettext_noop("Spouse, parent, parent-in-law, child or child-in-law died"), Group.IMPORTANT, 2,
         "UU 13/2003 ps. 93 (4) f"),
    kind("death_house", gettext_noop("Somebody of the same household died"), Group.IMPORTANT, 1,
         "UU 13/2003 ps. 93 (4) g"),
    kind("religion", gettext_noop("A duty of one's religion"), Group.IMPORTANT, 0, "UU 13/2003 ps. 80, 93 (2) e"),
    kind("duty", gettext_noop("A duty to the state"), Group.IMPORTANT, 0, "UU 13/2003 ps. 93 (2) d", proof=YesNo.YES),
    kind("unpaid", gettext_noop("Unpaid leave"), Group.UNPAID, 0, "UU 13/2003 ps. 93 (1)", paid=YesNo.NO),
    kind("permission", gettext_noop("Permission"), Group.PERMISSION, 2, "UU 13/2003 ps. 93 (1)", paid=YesNo.NO),
]  # fmt: skip

register(
    Definition(
        KINDS, _("Kinds of leave: days, whether paid, and by which law"), _("kinds"), "UU 13/2003 ps. 79-82, 93",
        FIRST_KINDS, valid_kinds, everywhere=True,
        columns=(
            Column("label", _("Kind"), longest=80),
            Column("group", _("Group"), choices=Group.choices),
            Column("days", _("Days (0: as long as it lasts)")),
            Column("counts", _("Which days count"), choices=Counted.choices),
            Column("paid", _("Paid"), choices=YesNo.choices),
            Column("proof", _("A proof is brought"), choices=YesNo.choices),
            Column("source", _("Source"), longest=120),
        ),
    )
)  # fmt: skip
for key, label, unit, clause, default, least, most in (
    (ANNUAL_DAYS, _("Annual leave for each full year of service"), _("days"), "UU 13/2003 ps. 79 (3)", 12, 12, 60),
    (AFTER_MONTHS, _("Annual leave arises for the first time after"), _("months"), "UU 13/2003 ps. 79 (3)", 12, 0, 12),
    (CARRY_DAYS, _("Unused annual leave is carried over"), _("days"), "UU 13/2003 ps. 79 (4)", 6, 0, 60),
    (CARRY_MONTHS, _("What was carried over can be used for"), _("months"), "UU 13/2003 ps. 79 (4)", 6, 0, 12),
    (WEEK, _("Working days a week where no roster says otherwise"), _("days"), "UU 13/2003 ps. 77 (2)", 5, 5, 6),
    (LATE_DAYS, _("A sudden absence is told of at the latest after its first day by"), _("days"), LAW, 3, 0, 31),
    (DECIDE_DAYS, _("A request for leave is decided by the team leader within"), _("days"), LAW, 2, 1, 30),
    (CONFIRM_DAYS, _("An approved leave is confirmed against the roster within"), _("days"), LAW, 2, 1, 30),
    (NOTE_DAYS, _("A doctor's note or other proof is brought within"), _("days"), "UU 13/2003 ps. 93 (2) a", 2, 0, 30),
):  # fmt: skip
    register(Definition(key, label, unit, clause, default, whole(least, most)))

register_rule(
    key=DECIDE,
    clause=LAW,
    title=gettext_noop("Decision on the leave of %(subject)s"),
    label=_("Reminders and escalation for decisions on leave"),
    owner_role=Role.TEAM_LEADER,
    ladder=[
        step("asked", StepKind.REMIND, "start", 0, Role.TEAM_LEADER),
        step("day_before", StepKind.REMIND, "due", -24, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER),
    ],
    moves=True,
)
register_rule(
    key=CONFIRM,
    clause=LAW,
    title=gettext_noop("Roster for the leave of %(subject)s"),
    label=_("Reminders and escalation for leave to be confirmed against the roster"),
    owner_role=Role.WFM,
    ladder=[
        step("approved", StepKind.REMIND, "start", 0, Role.WFM),
        step("day_before", StepKind.REMIND, "due", -24, Role.WFM),
        step("breach", StepKind.BREACH, "due", 0, Role.COORDINATOR),
        step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER),
    ],
    moves=True,
)
register_rule(
    key=NOTE,
    clause="UU 13/2003 ps. 93 (2) a",
    title=gettext_noop("Proof for the absence of %(subject)s"),
    label=_("Reminders and escalation for proofs of absence"),
    owner_role=Role.AGENT,
    ladder=[
        step("day_before", StepKind.REMIND, "due", -24, Role.TEAM_LEADER),
        step("breach", StepKind.BREACH, "due", 0, Role.TEAM_LEADER),
    ],
    moves=True,
)


@dataclass(frozen=True)
class Kind:
    """A row of the kinds as of a day. `days` 0: no limit."""

    key: str
    label: str
    group: str
    days: int
    counts: str
    paid: bool
    proof: bool
    source: str

    @property
    def name(self) -> str:
        return _now(self.label)


def kinds_on(day: date) -> dict[str, Kind]:
    """The kinds that a leave beginning on that day may have, in the policy's order."""
    rows = policy_value(KINDS, at=end_of_day(day, JAKARTA))
    return {
        row["key"]: Kind(
            row["key"], row["label"], row["group"], int(row["days"]), row["counts"], row["paid"] == YesNo.YES,
            row["proof"] == YesNo.YES, row["source"],
        )
        for row in rows
    }  # fmt: skip


class Rules:
    """The terms of annual leave by day and site, of all their policies by one query."""

    KEYS = (ANNUAL_DAYS, AFTER_MONTHS, CARRY_DAYS, CARRY_MONTHS)

    def __init__(self) -> None:
        rows = Policy.objects.standing().filter(key__in=self.KEYS).order_by("valid_from")
        self.rows = list(rows.values_list("key", "site_id", "valid_from", "value"))
        self.known: dict[tuple[int | None, date], Terms] = {}

    def of(self, site_id: int | None) -> Callable[[date], Terms]:
        return lambda day: self.on(day, site_id)

    def on(self, day: date, site_id: int | None) -> Terms:
        if (site_id, day) not in self.known:
            at: datetime = end_of_day(day, JAKARTA)
            general = {key: value for key, site, since, value in self.rows if site is None and since <= at}
            own = {key: value for key, site, since, value in self.rows if site == site_id is not None and since <= at}
            values = {key: DEFINITIONS[key].default for key in self.KEYS} | general | own
            self.known[site_id, day] = Terms(*(int(values[key]) for key in self.KEYS))
        return self.known[site_id, day]
