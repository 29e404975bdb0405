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
from userids.models import Assignment, DeactivationRequest, ReplacementRequest

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
    kind: Kind, role: Role, request: DeactivationRequest | ReplacementRequest, *, step: str, now: datetime
) -> None:
    """Tell the role's holders at the request's site, once for that step."""
    email = request.email if isinstance(request, ReplacementRequest) else ""
    notify(
        to=audience(role, site=request.site, now=now),
        kind=kind.key,
        params={"user_id": request.account.user_id, "person": request.person.name, "email": email},
        key=f"{request._meta.label_lower}:{request.pk}:{step}",
        url=request.get_absolute_url(),
        now=now,
    )
