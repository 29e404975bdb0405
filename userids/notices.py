"""Who is told when it is their turn, besides what the deadlines' ladder tells."""

from datetime import datetime

from django.utils.translation import gettext_noop

from occ.notifications.addressees import audience
from occ.notifications.kinds import Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from userids.models import DeactivationRequest, ReplacementRequest

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
