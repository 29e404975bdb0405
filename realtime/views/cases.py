"""Non-voice (RTM-11): response time by category against target and limit, and who waits now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from occ.errors import Invalid, NotAllowed
from occ.forms import DayField
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import stamped, workfile
from occ.people.access import me
from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.policies.services import policy_value
from occ.sheets.writing import OutColumn, write_workbook
from occ.times import JAKARTA, end_of_day, local_day, start_of_day
from realtime.choices import Category
from realtime.models import FLOOR_READERS
from realtime.policies import SMALL_BASE
from realtime.services.responses import CHANNELS, Responses, limits_on, queues, responses, together
from realtime.views.figures import MOST, shown


class CasesForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    first = DayField(label=gettext_lazy("From"))
    last = DayField(label=gettext_lazy("To"))

    def __init__(self, data: QueryDict, *, user: User, now: datetime) -> None:
        sites = sites_for(user, FLOOR_READERS)
        today = local_day(now, sites[0].zone if sites else JAKARTA).isoformat()
        standing = {"site": sites[0].pk if sites else "", "first": today, "last": today}
        super().__init__(standing | {name: data[name] for name in standing if data.get(name)})
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (first := given.get("first")) and (last := given.get("last")) and not first <= last <= first + MOST:
            self.add_error("last", _("From a day to a later one, at most 400 days."))
        return given

    def span(self) -> tuple[datetime, datetime]:
        zone = self.cleaned_data["site"].zone
        return start_of_day(self.cleaned_data["first"], zone), end_of_day(self.cleaned_data["last"], zone)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, FLOOR_READERS):
        raise NotAllowed
    form = CasesForm(request.GET, user=user, now=now)
    context: dict[str, Any] = {
        "title": _("Non-voice"), "form": form,
        "subtitle": _("Cases in, response time against target and limit, and who waits now (MO 3.2)"),
    }  # fmt: skip
    if form.is_valid():
        context |= told(form, now)
    return render(request, "realtime/cases.html", context, status=422 if form.errors else 200)


def told(form: CasesForm, now: datetime) -> dict[str, Any]:
    site, (start, end) = form.cleaned_data["site"], form.span()
    found = responses(site=site, start=start, end=end)
    held = limits_on(site, local_day(min(now, end - timedelta(seconds=1)), site.zone))
    categories = [
        line(str(label), together(found, category=value), held[2 * i] / 1000, held[2 * i + 1] / 1000)
        for i, (value, label) in enumerate(Category.choices)
    ]
    if (unsaid := together(found, category="")).cases:
        categories.append(line(_("not said"), unsaid, held[-2] / 1000, held[-1] / 1000))
    channels = [
        line(str(Channel(one).label), row, url=url(site, one, start, end))
        for one in CHANNELS
        if (row := together(found, channel=one)).cases
    ]
    waiting: list[dict[str, Any]] = [
        {"label": Channel(one.channel).label, "queue": one, "url": waiting_url(site, one.channel, one.oldest, now)}
        for one in queues(site, now)
    ]
    charted = [one for one in categories if one["row"].measured]
    chart = {
        "kind": "bar", "labels": [one["label"] for one in charted],
        "series": [
            {"name": _("Response time"), "values": [round(one["row"].seconds, 1) for one in charted]},
            {"name": _("Target"), "values": [one["target"] for one in charted]},
            {"name": _("Limit"), "values": [one["limit"] for one in charted]},
        ],
    }  # fmt: skip
    query = urlencode({"site": site.pk, "first": form.cleaned_data["first"], "last": form.cleaned_data["last"]})
    return {
        "site": site, "zone": site.zone, "categories": categories, "channels": channels, "waiting": waiting, "now": now,
        "all": line(_("All"), together(found)), "chart": chart if charted else None,
        "waits": sum(one["queue"].waiting for one in waiting),
        "oldest": min((one["queue"].oldest for one in waiting if one["queue"].oldest), default=None),
        "beyond": sum(one["queue"].beyond for one in waiting),
        "export_kind": "realtime.cases", "export_scope": query, "least": policy_value(SMALL_BASE, at=now, site=site),
    }  # fmt: skip


def line(
    label: str, row: Responses, target: float | None = None, limit: float | None = None, url: str = ""
) -> dict[str, Any]:
    """In words: the average is in the target, in the limit, or beyond it."""
    seconds = row.seconds
    met = None
    if seconds is not None and target is not None and limit is not None:
        met = "target" if seconds <= target else "limit" if seconds <= limit else "beyond"
    words: dict[str | None, tuple[str, str, str]] = {
        "target": (_("in the target"), "success", "circle-check"),
        "limit": (_("in the limit"), "info", "circle-dot"),
        "beyond": (_("beyond the limit"), "danger", "alert-octagon"),
        None: ("", "", ""),
    }
    return {
        "label": label, "row": row, "target": target, "limit": limit, "url": url, "words": words[met],
        "seconds": shown(seconds, 1), "slowest": shown(row.slowest_ms / 1000 if row.measured else None, 0),
        "target_share": shown(row.target_share, 1), "limit_share": shown(row.limit_share, 1),
    }  # fmt: skip


def url(site: Site, channel: str, start: datetime, end: datetime, **also: str) -> str:
    here = [timezone.localtime(at).strftime("%Y-%m-%dT%H:%M") for at in (start, end)]
    query = {"site": site.pk, "channel": channel, "since": here[0], "until": here[1]} | also
    return f"{reverse('realtime:interactions')}?{urlencode(query)}"


def waiting_url(site: Site, channel: str, oldest: datetime | None, now: datetime) -> str:
    """From the oldest on, as far as the list reaches."""
    return url(site, channel, oldest, now + timedelta(minutes=1), outcome="open", sort="arrived") if oldest else ""


def workbook(job: Job, progress: Progress, now: datetime) -> Outcome:
    form = CasesForm(QueryDict(job.params.get("query", "")), user=job.owner, now=now)
    if not form.is_valid():
        raise Invalid(_("The list's filters are not understood."))
    site, (start, end) = form.cleaned_data["site"], form.span()
    labels = dict(Category.choices)
    rows = [
        [str(Channel(channel).label), str(labels.get(category, "")), one.cases, one.submitted, one.unmeasured,
         one.seconds, one.slowest_ms / 1000 if one.measured else None, one.target_share, one.limit_share]
        for (channel, category), one in sorted(responses(site=site, start=start, end=end).items())
    ]  # fmt: skip
    heads = (_("Channel"), _("Category"), _("Cases in"), _("Submitted"), _("Left out as faulty"),
             _("Response time (s)"), _("Slowest (s)"), _("In the target (%)"), _("In the limit (%)"))  # fmt: skip
    meta = {_("Site"): site.name, _("From"): str(form.cleaned_data["first"]), _("To"): str(form.cleaned_data["last"])}
    out = workfile()
    write_workbook(out, title=_("Non-voice"), columns=[OutColumn(one, 18) for one in heads], rows=rows, meta=meta,
                   zone=site.zone)  # fmt: skip
    return Outcome(out, stamped("cases", now))


register(
    Kind(
        "realtime.cases", gettext_lazy("Non-voice"), workbook, lambda user: has_role(user, FLOOR_READERS), direct=True
    )
)  # fmt: skip
