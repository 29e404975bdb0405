"""The logbook rows themselves."""

import re
from datetime import datetime

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor, SystemActor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.texts import hidden, kept
from occ.times import in_reach
from userids.choices import AccountStatus
from userids.models import Account, Application, Assignment

KEEPERS = {Role.SUPPORT, Role.DOCUMENT_CONTROL}
NO_WORD = re.compile(r"[\W_]")


# Somebody holds an ID from now on; sent inside the transaction: account, person, actor, now.
assigned = Signal()


def may_keep(actor: Actor, site: Site) -> bool:
    """Only Support and Document Control of the site (or the system itself) write logbook rows."""
    return isinstance(actor, SystemActor) or has_role(actor, KEEPERS, site=site)


def must_keep(actor: Actor, site: Site) -> None:
    if not may_keep(actor, site):
        raise NotAllowed


def search_text(account: Account) -> str:
    """The words an account is found by: ID, and number, name and e-mail of its last holders."""
    held = account.assignments.select_related("person").order_by("-starts_at")[:5]
    words = [account.user_id, *(w for one in held for w in (one.person.number, one.person.name, one.email))]
    return searchable(words)


def searchable(words: list[str]) -> str:
    return " ".join(NO_WORD.sub(" ", word) for word in words if word)


@transaction.atomic
def account_create(
    *, application: Application, user_id: str, person: Person | None, email: str, role: str, channels: list[str],
    site: Site, activated_at: datetime, remarks: str = "", actor: Actor, now: datetime,
) -> Account:  # fmt: skip
    """Enter an ID into the logbook, with its holder from `activated_at` on. Raises Invalid when it is there already."""
    must_keep(actor, site)
    user_id = user_id.strip()
    if hidden(user_id):
        raise Invalid(_("The user ID holds characters that nobody can see. Type it anew."), field="user_id")
    if not in_reach(activated_at):
        raise Invalid(_("The date is not possible."), field="activated_at")
    if Account.objects.filter(application=application, user_id__iexact=user_id).exists():
        raise Invalid(_("User ID %(id)s is already in the logbook.") % {"id": user_id}, field="user_id")
    if activated_at > now:
        raise Invalid(_("The date lies in the future."), field="activated_at")
    if person is not None:
        email_is_free(email, person=person)
    account = Account(
        application=application, user_id=user_id, role=role, channels=channels, site=site, remarks=remarks,
        created_at=activated_at, activated_at=activated_at, status=AccountStatus.ACTIVE,
    )  # fmt: skip
    sign(account, actor, kept(gettext_noop("New user ID")), now=now)
    account.save()
    if person is not None:
        assign(account, person, email, at=activated_at, why=kept(gettext_noop("New user ID")), actor=actor, now=now)
    refresh_search(account)
    data = {"user_id": user_id, "holder": person.number if person else None}
    record(actor=actor, action="account.created", subject=account, data=data, now=now, site=site)
    return account


@transaction.atomic
def account_edit(
    *, account_id: int, role: str, channels: list[str], remarks: str, note: str, actor: Actor, now: datetime
) -> Account:
    """Change what is not state: application role, channels, remarks. Moves no deadline."""
    account = Account.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=account_id)
    must_keep(actor, account.site)
    was = {"role": account.role, "channels": account.channels, "remarks": account.remarks}
    account.role, account.channels, account.remarks = role, channels, remarks
    sign(account, actor, note, now=now)
    account.save(update_fields=["role", "channels", "remarks"])
    data = {"was": was, "note": note}
    record(actor=actor, action="account.edited", subject=account, data=data, now=now, site=account.site)
    return account


def email_is_free(email: str, *, person: Person) -> None:
    """Raises Invalid, saying where, when somebody else's ID uses the e-mail now."""
    used = Assignment.objects.filter(email__iexact=email, ends_at=None).exclude(person=person)
    # In no order: asked for the first by key, PostgreSQL may read every holding there was.
    found = used.select_related("account", "person").order_by()[:1]
    if email and (other := next(iter(found), None)):
        raise Invalid(
            _("%(email)s is in use: user ID %(id)s, held by %(name)s.")
            % {"email": email, "id": other.account.user_id, "name": other.person.name},
            field="email",
        )


def assign(
    account: Account, person: Person, email: str, *, at: datetime, why: str, actor: Actor, now: datetime
) -> Assignment:
    """The person holds the ID from `at` on. Raises Invalid when they are leaving or have left.

    The person is locked: a leaving that is recorded at this moment either sees the new holding, or refuses it here.
    """
    if person_locked(person.pk).last_working_day is not None:
        raise Invalid(_("%(name)s is leaving or has left.") % {"name": person.name}, field="person")
    assignment = Assignment(account=account, person=person, email=email, starts_at=at, began=why)
    sign(assignment, actor, why, now=now)
    assignment.save()
    assigned.send(Assignment, account=account, person=person, actor=actor, now=now)
    return assignment


def end_assignment(account: Account, *, at: datetime, why: str, actor: Actor, now: datetime) -> None:
    """End the present holder's time. Raises Invalid when that instant lies before it began."""
    assignment = Assignment.objects.select_for_update(no_key=True).filter(account=account, ends_at=None).first()
    if assignment is None:
        return
    if at <= assignment.starts_at:
        raise Invalid(_("That lies before the holder received the user ID."), field="inactive_since")
    assignment.ends_at, assignment.ended = at, why
    sign(assignment, actor, why, now=now)
    assignment.save(update_fields=["ends_at", "ended"])


def close(account: Account, *, at: datetime, why: str, suspend: bool = False, actor: Actor, now: datetime) -> None:
    """The ID is inactive from `at` on and nobody holds it (SOP-UID 8.1, step 6).

    `suspend`: it is kept for its last holder, who comes back to it by `account_resume`.
    """
    end_assignment(account, at=at, why=why, actor=actor, now=now)
    account.status = AccountStatus.SUSPENDED if suspend else AccountStatus.INACTIVE
    account.deactivated_at = at
    sign(account, actor, why, now=now)
    account.save(update_fields=["status", "deactivated_at"])


def kept_for(account: Account) -> Person | None:
    """For whom a suspended ID rests: its last holder; None when it is not suspended."""
    if account.status != AccountStatus.SUSPENDED:
        return None
    last = account.assignments.select_related("person__site").order_by("-starts_at").first()
    return last.person if last else None


@transaction.atomic
def account_resume(*, account_id: int, note: str, actor: User, now: datetime) -> Account:
    """The team leader has opened a suspended ID again for the one it rests for, who is back (UID-8).

    `note` says what shows it in the application. Raises NotAllowed, WrongState, Invalid.
    """
    expected = kept_for(Account.objects.get(pk=account_id))
    if expected is not None:
        person_locked(expected.pk)  # before the account: whoever records a leaving takes them in this order
    account = Account.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=account_id)
    if not has_role(actor, {Role.TEAM_LEADER}, site=account.site):
        raise NotAllowed
    person = kept_for(account)
    if person is not None and person.pk == actor.person_id:
        raise NotAllowed(_("It is about you: somebody else has to do this step."))
    if person is None or person != expected:
        raise WrongState(_("This user ID is not suspended."))
    if person.last_working_day is not None:
        raise WrongState(_("%(name)s is leaving or has left.") % {"name": person.name})
    if not note.strip():
        raise Invalid(_("Please attach the proof, or say what shows it."), field="note")
    last = account.assignments.order_by("-starts_at").first()
    email = last.email if last else person.email
    email_is_free(email, person=person)
    assign(account, person, email, at=now, why=kept(gettext_noop("Back from suspension")), actor=actor, now=now)
    account.status, account.activated_at, account.deactivated_at = AccountStatus.ACTIVE, now, None
    sign(account, actor, note, now=now)
    account.save(update_fields=["status", "activated_at", "deactivated_at"])
    data = {"user_id": account.user_id, "holder": person.number, "note": note}
    record(actor=actor, action="account.resumed", subject=account, data=data, now=now, site=account.site)
    return account


def suspended_end(*, person: Person, actor: Actor, now: datetime) -> None:
    """Who has left comes back to no ID: what was suspended for them is simply inactive."""
    for account in Account.objects.filter(status=AccountStatus.SUSPENDED, assignments__person=person).distinct():
        if kept_for(account) == person:
            account.status = AccountStatus.INACTIVE
            sign(account, actor, kept(gettext_noop("The person it rested for has left.")), now=now)
            account.save(update_fields=["status"])


def refresh_search(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(search_text=search_text(account))
