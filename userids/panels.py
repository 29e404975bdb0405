"""What the logbook shows on a person's page, and what of it keeps a leaver from being cleared."""

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.people.models import Person, User
from occ.times import local_day
from sdm.providers import Line, Matter, Panel, Settled, register_matter, register_panel
from userids.models import Account, Assignment, DeactivationRequest, Resignation


def held_by(user: User, person: Person) -> list[Line]:
    """Every ID the person holds or held, as far as the reader may see them."""
    rows = Assignment.objects.visible_to(user).filter(person=person).select_related("account__site")
    seen = set(Account.objects.visible_to(user).filter(assignments__person=person).values_list("pk", flat=True))
    lines = []
    for one in rows.order_by("ends_at", "-starts_at")[:50]:
        zone = one.account.site.zone
        since, until = local_day(one.starts_at, zone), one.ends_at and local_day(one.ends_at, zone)
        lines.append(
            Line(
                title=one.account.user_id,
                url=one.account.get_absolute_url() if one.account_id in seen else "",
                status="active" if until is None else "inactive",
                label=_("Held now")
                if until is None
                else _("Held until %(day)s") % {"day": date_format(until, "j F Y")},
                note=_("since %(day)s") % {"day": date_format(since, "j F Y")},
            )
        )
    return sorted(lines, key=lambda line: line.status != "active")


def asked_of(user: User, person: Person) -> list[Line]:
    """Support's record of the leaving and what was asked of the team leader, as far as the reader may see it."""
    lines = [
        Line(
            title=_("Resignation: %(day)s") % {"day": date_format(one.last_working_day, "j F Y")},
            url=reverse("userids:resignation", args=[one.pk]),
            status="withdrawn" if one.withdrawn_at else "closed" if one.ended_at else "recorded",
            label=_("Withdrawn") if one.withdrawn_at else _("Came back") if one.ended_at else _("Standing"),
        )
        for one in Resignation.objects.visible_to(user).filter(person=person).order_by("-pk")[:10]
    ]
    requests = DeactivationRequest.objects.visible_to(user).filter(person=person).select_related("account")
    return lines + [
        Line(
            title=_("Deactivation of %(id)s") % {"id": one.account.user_id},
            url=one.get_absolute_url(),
            status=one.status,
            label=str(one.get_status_display()),
        )
        for one in requests.order_by("-pk")[:20]
    ]


def shut(person: Person) -> Settled:
    """Settled when the person holds no ID any more; since the last one was shut."""
    rows = Assignment.objects.filter(person=person).select_related("account")
    held = [one.account.user_id for one in rows if one.ends_at is None]
    if held:
        return Settled(False, None, _("still active: %(ids)s") % {"ids": ", ".join(sorted(held)[:5])})
    last = max((one.ends_at for one in rows if one.ends_at is not None), default=None)
    return Settled(True, last, _("shut") if last else _("held none"))


register_panel(Panel("userids", gettext_lazy("User IDs"), gettext_lazy("No user ID is or was held."), held_by))
register_panel(
    Panel("userids.leaving", gettext_lazy("Resignation and shutting of user IDs"), gettext_lazy("Nothing."), asked_of)
)
register_matter(Matter("user_ids", gettext_lazy("User IDs shut"), shut))
