"""What the person's page shows of the chain of PKWTs, of renewals and of compensations, to who may see it."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from occ.people.models import Person, User
from occ.people.scope import has_role
from sdm.choices import EmploymentKind
from sdm.contracts.documents import day, months_said
from sdm.contracts.policies import law
from sdm.contracts.terms import Chain, Span, chains
from sdm.models import Compensation, Employment, Renewal
from sdm.personal import COMPENSATION_READERS, CONTRACT_READERS, reads_contracts
from sdm.providers import Line, Panel, register_panel


def chains_of(person_id: int, *, now: datetime) -> list[Chain]:
    """The person's PKWTs, those that count as one together, newest first."""
    numbers = law(now)
    rows = Employment.objects.filter(employee_id=person_id, kind=EmploymentKind.PKWT, ends_on__isnull=False)
    spans = [Span(first, last) for first, last in rows.values_list("starts_on", "ends_on") if last is not None]
    return chains(spans, gap_days=numbers.gap_days, max_months=numbers.max_months)[::-1]


def chain_line(chain: Chain) -> Line:
    used = months_said(chain.first, chain.last)
    most = months_said(chain.first, chain.limit)
    words = {"used": used, "most": most}
    label = _("%(used)s of %(most)s") % words
    full = chain.days_left == 0
    note = (
        _("No further PKWT is possible (PP 35/2021 article 8).")
        if full
        else ngettext(
            "%(days)s day left, until %(limit)s at the latest (PP 35/2021 article 8).",
            "%(days)s days left, until %(limit)s at the latest (PP 35/2021 article 8).",
            chain.days_left,
        )
        % {"days": number_format(chain.days_left, force_grouping=True), "limit": day(chain.limit)}
    )
    title = _("PKWTs since %(day)s: %(n)s") % {"day": day(chain.first), "n": len(chain.spans)}
    return Line(title, "", "overdue" if chain.too_long else "waived" if full else "active", label, note)


def pkwt_lines(user: User, person: Person) -> list[Line]:
    return [chain_line(one) for one in chains_of(person.pk, now=timezone.now())]


def renewal_lines(user: User, person: Person) -> list[Line]:
    rows = Renewal.objects.visible_to(user).filter(employment__employee_id=person.pk).order_by("-ends_on", "-pk")[:10]
    return [
        Line(
            _("Contract until %(day)s") % {"day": day(one.ends_on)}, one.get_absolute_url(), one.status,
            one.get_status_display(),
        )
        for one in rows
    ]  # fmt: skip


def compensation_lines(user: User, person: Person) -> list[Line]:
    rows = Compensation.objects.visible_to(user).filter(employment__employee_id=person.pk).order_by("-ends_on")[:10]
    return [
        Line(
            _("Term until %(day)s") % {"day": day(one.ends_on)}, one.get_absolute_url(), one.status,
            one.get_status_display(),
        )
        for one in rows
    ]  # fmt: skip


def sees_contracts(user: User, person: Person) -> bool:
    return reads_contracts(user, person.pk, person.site)


def sees_renewals(user: User, person: Person) -> bool:
    return user.person_id != person.pk and has_role(user, CONTRACT_READERS, site=person.site)


def sees_compensations(user: User, person: Person) -> bool:
    return has_role(user, COMPENSATION_READERS, site=person.site)


register_panel(Panel("pkwt", gettext_lazy("PKWTs in all"), gettext_lazy("No PKWT."), pkwt_lines, sees_contracts))
register_panel(
    Panel("renewals", gettext_lazy("Contract renewals"), gettext_lazy("None."), renewal_lines, sees_renewals)
)
register_panel(
    Panel("compensations", gettext_lazy("Compensations"), gettext_lazy("None."), compensation_lines, sees_compensations)
)
