"""The numbers of pembinaan as dated policies, and what is owed by when, with ladders (MO 4.1.3; PP 35/2021)."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, register, step
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy

CLAUSE = "MO 4.1.3"
LAW = gettext_noop("PP 35/2021 art. 36 k")
MONTHS = "sdm.discipline.warning_months"
DECIDE, DECIDE_DAYS = "sdm.discipline.decide", "sdm.discipline.decide.days"
COMMIT, COMMIT_DAYS = "sdm.discipline.commit", "sdm.discipline.commit.days"
JUDGE, IMPROVE_DAYS = "sdm.discipline.judge", "sdm.discipline.improve.days"
IMPROVE_MOST = "sdm.discipline.improve.most_days"
FILE, FILE_DAYS = "sdm.discipline.file", "sdm.discipline.file.days"
REQUEST, REQUEST_DAYS = "sdm.discipline.request", "sdm.discipline.request.days"
ANSWER, ANSWER_DAYS = "sdm.discipline.answer", "sdm.discipline.answer.days"
RECEIPT, RECEIPT_DAYS = "sdm.discipline.receipt", "sdm.discipline.receipt.days"
EXIT, EXIT_DAYS = "sdm.discipline.exit", "sdm.discipline.exit.days"
RULES = (DECIDE, COMMIT, JUDGE, FILE, REQUEST, ANSWER, RECEIPT, EXIT)

# The law says "at most six months, unless laid down otherwise" in contract, company rules or collective agreement.
register_policy(Definition(MONTHS, _("A warning letter (SP 1, 2, 3) is valid for"), _("months"), LAW, 6, number(1, 24)))
# The manual's chart gives no times: these are the house's, to be changed where the company rules say otherwise.
for key, label, default, most in (
    (DECIDE_DAYS, _("Pembinaan or appreciation is decided within"), 3, 30),
    (COMMIT_DAYS, _("The person says what will be improved within"), 3, 30),
    (IMPROVE_DAYS, _("Improvement is watched for, unless agreed otherwise"), 30, 180),
    (IMPROVE_MOST, _("Improvement is watched for at most"), 90, 365),
    (FILE_DAYS, _("Verified evidence of pembinaan is filed by HR within"), 7, 60),
    (REQUEST_DAYS, _("After the problem is identified, a warning letter is asked for within"), 3, 30),
    (ANSWER_DAYS, _("HR answers a request for a warning letter within"), 3, 30),
    (RECEIPT_DAYS, _("A warning letter is signed for or refused within"), 3, 30),
    (EXIT_DAYS, _("After it is final, the exit process is opened within"), 7, 60),
):
    register_policy(Definition(key, label, _("days"), CLAUSE, default, number(1, most)))


def _rule(key: str, title: str, label: Any, owner: Role, above: Role) -> None:
    """Titles name the matter by its number only: who sweeps the list of obligations may not read of whom it is."""
    register(
        key=key,
        clause=CLAUSE,
        title=title,
        label=label,
        owner_role=owner,
        moves=True,
        ladder=[
            step("day_before", StepKind.REMIND, "due", -24, above if owner is Role.AGENT else owner),
            step("breach", StepKind.BREACH, "due", 0, above),
            step("72h_after", StepKind.ESCALATE, "due", 72, Role.MANAGER),
        ],
    )


_rule(DECIDE, gettext_noop("%(subject)s: the superior decides"), _("Reminders: decision on a pembinaan"),
      Role.TEAM_LEADER, Role.COORDINATOR)  # fmt: skip
_rule(COMMIT, gettext_noop("%(subject)s: the person answers"), _("Reminders: the person's words in a pembinaan"),
      Role.AGENT, Role.TEAM_LEADER)  # fmt: skip
_rule(JUDGE, gettext_noop("%(subject)s: the improvement is judged"), _("Reminders: improvement in a pembinaan"),
      Role.TEAM_LEADER, Role.COORDINATOR)  # fmt: skip
_rule(FILE, gettext_noop("%(subject)s: HR files it"), _("Reminders: filing of a pembinaan"),
      Role.HR_RELATIONS, Role.MANAGER)  # fmt: skip
_rule(REQUEST, gettext_noop("%(subject)s: the superior goes on"), _("Reminders: request after a problem"),
      Role.TEAM_LEADER, Role.COORDINATOR)  # fmt: skip
_rule(ANSWER, gettext_noop("%(subject)s: HR answers"), _("Reminders: HR's answer to a request"),
      Role.HR_RELATIONS, Role.MANAGER)  # fmt: skip
_rule(RECEIPT, gettext_noop("%(subject)s: a receipt is owed"), _("Reminders: receipt of a letter"),
      Role.HR_RELATIONS, Role.MANAGER)  # fmt: skip
_rule(EXIT, gettext_noop("%(subject)s: HR goes on"), _("Reminders: what follows a final pembinaan"),
      Role.HR_RELATIONS, Role.MANAGER)  # fmt: skip
