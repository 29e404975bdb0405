from typing import Any

import django_filters as filters
from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import OwnSite
from occ.people.choices import Role
from occ.people.models import RoleAssignment, User, in_force
from occ.times import JAKARTA, local_day


class LoginFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    state = filters.ChoiceFilter(
        choices=[("on", _("On")), ("off", _("Off"))], method="by_state", label=_("Status"), empty_label=_("All")
    )
    factor = filters.ChoiceFilter(
        choices=[("yes", _("In use")), ("no", _("None"))], method="by_factor", label=_("Second factor"),
        empty_label=_("All"),
    )  # fmt: skip
    role = filters.ChoiceFilter(choices=Role.choices, method="by_role", label=_("Role"), empty_label=_("All"))
    site = OwnSite(field_name="person__site")

    class Meta:
        model = User
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(username__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word)
                | Q(person__number__icontains=word)
            )  # fmt: skip
        return rows

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(is_active=value == "on")

    def by_factor(self, rows: Any, name: str, value: str) -> Any:
        has = Exists(Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP))
        return rows.filter(has if value == "yes" else ~has)

    def by_role(self, rows: Any, name: str, value: str) -> Any:
        today = local_day(timezone.now(), JAKARTA)
        held = RoleAssignment.objects.filter(in_force(today), user=OuterRef("pk"), role=value)
        return rows.filter(Exists(held))
