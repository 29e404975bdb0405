"""Who is told when it is their turn, besides what the deadlines' ladder tells."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext_noop

from occ.notifications.addressees import audience
from occ.notifications.kinds import Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.people.lifecycle import Place
from occ.people.models import Person
from occ.times import local_day
from occ.workflow.endings import asks
from userids.choices import DeactivationStatus as D
from userids.choices import ReplacementStatus as R
from userids.models import Account, Assignment, DeactivationRequest, ReplacementRequest

REPLACE = register(
    Kind(
        "userids.replace",
        gettext_noop("Replace the holder of user ID %(user_id)s"),
        gettext_noop(
            "Support asks that user ID %(user_id)s passes to %(person)s (%(email)s)."
            " Replace it in the application, then confirm with evidence (SOP-UID 8.2)."
        ),
    )
)
SHUT = register(
    Kind(
        "userids.shut",
        gettext_noop("Deactivate user ID %(user_id)s"),
        gettext_noop(
            "User ID %(user_id)s of %(person)s has to be shut although nobody leaves."
            " Shut it in the application, then confirm with evidence."
        ),
    )
)
DOCUMENT = register(
    Kind(
        "userids.document",
        gettext_noop("Mark as documented: user ID %(user_id)s"),
        gettext_noop(
            "The team leader has confirmed user ID %(user_id)s."
            " Check that the logbook shows status and date, then mark it as documented."
        ),
    )
)
ENFORCED = register(
    Kind(
        "userids.enforced",
        gettext_noop("The connector has shut user ID %(user_id)s: confirm it"),
        gettext_noop(
            "User ID %(user_id)s of %(person)s was still active when its time was up, so the connector has shut it."
            " Look at the evidence and confirm it (SOP-UID 8.1)."
        ),
        "warning",
    )
)
CONNECTOR_FAILED = register(
    Kind(
        "userids.connector_failed",
        gettext_noop("The connector gave up: user ID %(user_id)s"),
        gettext_noop(
            "The connector could not carry out the request for user ID %(user_id)s (%(person)s) and does not try again:"
            " %(error)s Do it in the application and confirm with evidence, or have the connection mended."
        ),
        "danger",
    )
)
CHECK = register(
    Kind(
        "userids.connector_check",
        gettext_noop("Check user ID %(user_id)s in the application"),
        gettext_noop(
            "The connector had been asked to change user ID %(user_id)s (%(person)s) before that was called off."
            " Look into the application whether the ID is as it should be."
        ),
        "warning",
    )
)

MOVED = register(
    Kind(
        "userids.moved",
        gettext_noop("%(person)s works at another site: %(site)s"),
        gettext_noop(
            "%(person)s (%(number)s) moved from %(was)s to %(site)s and holds user IDs of %(was)s."
            " An ID stays in the logbook of its site: let it go on there, or have it shut and another one made."
        ),
    )
)


STAYS = register(
    Kind(
        "userids.stays",
        gettext_noop("%(person)s stays: user ID shut already (%(ids)s)"),
        gettext_noop(
            "%(person)s (%(number)s) stays, and these user IDs were shut already: %(ids)s."
            " Whoever has none any more is given one: Support has the request."
        ),
        "warning",
    )
)


UNDONE = {D.RECORDED, D.REQUESTED, D.IN_PROGRESS, D.FAILED}
TO_REPLACE = {R.REQUESTED, R.IN_PROGRESS, R.FAILED}
asks(REPLACE, ReplacementRequest, TO_REPLACE)
asks(SHUT, DeactivationRequest, UNDONE)
asks(DOCUMENT, DeactivationRequest, {D.DEACTIVATED})
asks(DOCUMENT, ReplacementRequest, {R.REPLACED})
asks(ENFORCED, DeactivationRequest, {D.SHUT})
asks(CONNECTOR_FAILED, DeactivationRequest, UNDONE)
asks(CONNECTOR_FAILED, ReplacementRequest, TO_REPLACE)


def tell_of_stay(person: Person, shut: list[Account], *, now: datetime) -> None:
    """Tell the team leader, and Support, that somebody who stays has no ID any more."""
    team = person.team_on(local_day(now, person.site.zone))
    leaders = audience(Role.TEAM_LEADER, site=person.site, team=team, now=now)
    ids = ", ".join(one.user_id for one in shut)
    notify(
        to=[*leaders, *audience(Role.SUPPORT, site=person.site, now=now)],
        kind=STAYS.key,
        params={"person": person.name, "number": person.number, "ids": ids},
        key=f"userids.stays:{person.pk}:{now.isoformat()}",
        url=f"{reverse('userids:id_requests')}?q={person.number}",
        now=now,
    )


def tell_of_move(person: Person, previous: Place, on: date, *, now: datetime) -> None:
    """Tell Support of the site that was left, when the person holds an ID there."""
    held = Assignment.objects.filter(person=person, ends_at=None, account__site=previous.site)
    if not held.exists():
        return
    notify(
        to=audience(Role.SUPPORT, site=previous.site, now=now),
        kind=MOVED.key,
        params={
            "person": person.name, "number": person.number, "was": previous.site.name, "site": person.site.name,
        },
        key=f"userids.moved:{person.pk}:{on.isoformat()}",
        url=f"{reverse('userids:accounts')}?q={person.number}",
        now=now,
    )  # fmt: skip


def tell(
    kind: Kind, role: Role, request: DeactivationRequest | ReplacementRequest, *, step: str, now: datetime,
    **params: str,
) -> None:  # fmt: skip
    """Tell the role's holders at the request's site, once for that step."""
    email = request.email if isinstance(request, ReplacementRequest) else ""
    notify(
        to=audience(role, site=request.site, now=now),
        kind=kind.key,
        params={"user_id": request.account.user_id, "person": request.person.name, "email": email} | params,
        key=f"{request._meta.label_lower}:{request.pk}:{step}",
        url=request.get_absolute_url(),
        now=now,
    )
