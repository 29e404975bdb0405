"""Forecast against realisation, by day and by month; made, entered and evaluated by WFM (RTM-3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed, Refused
from occ.forms import DayField, add_refusal, reachable
from occ.jobs.services import job_start
from occ.people.access import get_visible, me
from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import has_role, site_filter, sites_for
from occ.policies.services import policy_value
from occ.times import JAKARTA, end_of_day, local_day, month_of, next_month
from realtime.choices import Period
from realtime.forecasting import jobs
from realtime.forecasting.policies import WAPE
from realtime.forecasting.selectors import Compared, compared, joined, mean_aht, total, whole
from realtime.forecasting.services import FORECASTERS, evaluation_make, forecast_enter
from realtime.models import FLOOR_READERS, Forecast, ForecastEvaluation

STEPS = {"15": 15, "30": 30, "60": 60}


class Place(forms.Form):
    """What the page is of. Whatever is wrong in an address becomes what is usual, and is said."""

    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices)
    period = forms.ChoiceField(label=gettext_lazy("Period"), choices=Period.choices)
    day = DayField(label=gettext_lazy("Day"))
    step = forms.ChoiceField(
        label=gettext_lazy("Interval"),
        choices=[("15", gettext_lazy("15 minutes")), ("30", gettext_lazy("30 minutes")),
                 ("60", gettext_lazy("60 minutes"))],
    )  # fmt: skip

    def __init__(self, *args: Any, sites: list[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites])


class SiteForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(site_filter(user, FORECASTERS, "pk"))


class MakeForm(SiteForm):
    first = DayField(label=gettext_lazy("From"))
    last = DayField(
        label=gettext_lazy("To"),
        help_text=gettext_lazy("At most 45 days ahead. It goes before what was entered or imported for these days."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=300)


QUARTER = forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "900"})


class EnterForm(SiteForm):
    """Numbers as a browser's number fields send them, whatever the language."""

    day = DayField(label=gettext_lazy("Day"))
    start = forms.TimeField(label=gettext_lazy("From"), widget=QUARTER, localize=False)
    end = forms.TimeField(
        label=gettext_lazy("To"), widget=QUARTER, localize=False, required=False,
        help_text=gettext_lazy("Empty: midnight."),
    )  # fmt: skip
    percent = forms.FloatField(
        label=gettext_lazy("Customers: so many percent more"), required=False, localize=False,
        help_text=gettext_lazy("Of what is forecast; with a minus: fewer."),
    )  # fmt: skip
    volume = forms.FloatField(
        label=gettext_lazy("or so many in all"), required=False, localize=False,
        help_text=gettext_lazy("Spread over the time as they are now."),
    )  # fmt: skip
    aht = forms.FloatField(
        label=gettext_lazy("Handling time (s): talk, hold, after-call work"), required=False, localize=False
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        start, end = given.get("start"), given.get("end")
        if end is not None and start is not None and not end.hour and not end.minute:
            given["end"] = None
        return given


class EvaluationForm(forms.Form):
    remark = forms.CharField(
        label=gettext_lazy("Evaluation"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000,
        help_text=gettext_lazy("What the comparison shows, of the forecast and of the roster made from it."),
    )  # fmt: skip
    proposal = forms.CharField(
        label=gettext_lazy("Proposal for the next day or month"), widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000, required=False,
    )  # fmt: skip


def _place(request: HttpRequest, user: User) -> dict[str, Any]:
    sites = sites_for(user, FLOOR_READERS)
    if not has_role(user, FLOOR_READERS) or not sites:
        raise NotAllowed
    # From the site's name in addresses of elsewhere: its code.
    given = request.GET.dict()
    by_code = {one.code: one for one in sites}
    if given.get("site") in by_code:
        given["site"] = str(by_code[given["site"]].pk)
    usual: dict[str, Any] = {"site": sites[0], "channel": Channel.VOICE.value, "period": Period.DAY.value, "step": "30"}
    asked = Place(given, sites=sites)
    for name, errors in asked.errors.items():
        if given.get(name):
            said = {"field": asked.fields[name].label, "why": " ".join(map(str, errors))}
            messages.error(request, _("%(field)s: %(why)s What is usual is shown instead.") % said)
    found = usual | {name: value for name, value in asked.cleaned_data.items() if value}
    found.setdefault("day", local_day(timezone.now(), found["site"].zone))
    return found


def _address(place: dict[str, Any], **other: Any) -> str:
    values = place | other
    said = {"site": values["site"].code, "channel": values["channel"], "period": values["period"],
            "day": values["day"].isoformat(), "step": values["step"]}  # fmt: skip
    return f"{reverse('realtime:forecasts')}?{urlencode(said)}"


@require_GET
def forecasts(request: HttpRequest) -> HttpResponse:
    return _page(request, _place(request, me(request)))


@require_POST
def evaluate(request: HttpRequest) -> HttpResponse:
    """Of the day or month that the address names, as the page does."""
    user = me(request)
    place = _place(request, user)
    form = EvaluationForm(request.POST)
    if form.is_valid():
        try:
            evaluation_make(
                site=place["site"], channel=place["channel"], period=place["period"], day=place["day"], actor=user,
                now=timezone.now(), **form.cleaned_data,
            )  # fmt: skip
        except NotAllowed:
            raise
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The evaluation is kept."))
            return redirect(f"{_address(place)}#evaluations")
    elif not has_role(user, FORECASTERS, site=place["site"]):
        raise NotAllowed
    return _page(request, place, form=form, status=422)


def _page(
    request: HttpRequest, place: dict[str, Any], *, form: EvaluationForm | None = None, status: int = 200
) -> HttpResponse:
    user, now = me(request), timezone.now()
    site, channel, day, period = place["site"], place["channel"], place["day"], place["period"]
    month = period == Period.MONTH
    first, last = (month_of(day), next_month(day) - timedelta(days=1)) if month else (day, day)
    days = compared(site, channel, first, last, now)
    target = float(policy_value(WAPE, at=min(now, end_of_day(last, site.zone)), site=site))
    before, after = (first - timedelta(days=1), last + timedelta(days=1))
    may = has_role(user, FORECASTERS, site=site)
    evaluations = ForecastEvaluation.objects.visible_to(user).filter(site=site, channel=channel, period=period)
    pooled = total(days)
    context = {
        "title": _("Forecast"), "subtitle": f"{dict(Channel.choices)[channel]} · {site.name}",
        "place": Place(initial={**place, "site": site.pk}, sites=sites_for(user, FLOOR_READERS)),
        "heading": date_format(first, "F Y") if month else date_format(day, "l, j F Y"), "month": month,
        "previous": _address(place, day=month_of(before) if month else before),
        "following": _address(place, day=after),
        "other": _address(place, period=Period.DAY if month else Period.MONTH),
        "total": pooled, "tone": _tone(pooled.wape if pooled else None, target), "target": target,
        "expected": pooled.expected if month and pooled else _expected(days),
        "real": pooled.real if month and pooled else sum(sum(one.real) for one in days) or None,
        "expected_aht": mean_aht((s.volume, s.aht) for one in days for s in one.day.spots),
        "real_aht": mean_aht(pair for one in days for pair in zip(one.real, one.real_aht, strict=True)),
        "charts": _month_charts(days, target, place) if month else _day_charts(days[0], STEPS[place["step"]]),
        "forecasts": [] if month else days[0].day.forecasts,
        "methods": sorted({s.method for one in days for s in one.day.spots} & {"seasonal", "average"}),
        "rows": _rows(days, target, place) if month else [],
        "evaluations": evaluations.filter(day=first).select_related("made_by"),
        "proposed": _proposed(evaluations, first, place),
        "form": (form or EvaluationForm()) if may and pooled is not None else form,
        "evaluate_url": f"{reverse('realtime:forecast_evaluate')}?{_address(place).partition('?')[2]}",
        "actions": _actions(place, may), "may": may,
    }  # fmt: skip
    return render(request, "realtime/forecasts.html", context, status=status)


def _proposed(evaluations: Any, first: date, place: dict[str, Any]) -> dict[str, Any] | None:
    """What the latest evaluation before proposed: it was of the day or month before, and is for this one."""
    rows = evaluations.filter(day__lt=first).exclude(proposal="").select_related("made_by")
    one = rows.order_by("-day", "-made_at").first()
    return {"row": one, "url": f"{_address(place, day=one.day)}#evaluations"} if one else None


def _actions(place: dict[str, Any], may: bool) -> list[dict[str, str]]:
    list_ = urlencode({"site": place["site"].pk, "channel": place["channel"]})
    made = {"label": _("Forecasts made"), "url": f"{reverse('realtime:forecasts_made')}?{list_}", "icon": "list"}
    if not may:
        return [made]
    said = urlencode({"site": place["site"].pk, "channel": place["channel"], "day": place["day"].isoformat()})
    return [
        made,
        {"label": _("Enter"), "url": f"{reverse('realtime:forecast_enter')}?{said}", "icon": "pencil"},
        {"label": _("Import"), "url": reverse("realtime:forecasts:import"), "icon": "upload"},
        {"label": _("Compute anew"), "url": f"{reverse('realtime:forecast_make')}?{said}", "icon": "refresh"},
    ]


def _tone(wape: float | None, target: float) -> str:
    return "" if wape is None else "success" if wape <= target else "warning"


def _expected(days: list[Compared]) -> float | None:
    said = [s.volume for one in days for s in one.day.spots if s.volume is not None]
    return sum(said) if said else None


def _day_charts(one: Compared, minutes: int) -> list[dict[str, Any]]:
    """Customers, with the interval in which they are expected; and how long each takes."""
    spots, size = joined(one.day.spots, minutes), minutes // 15
    if not any(s.volume is not None for s in spots) and not any(one.real):
        return []
    now = timezone.now()
    labels = [f"{s.starts_at:%H:%M}" for s in spots]
    real = [
        sum(one.real[i * size : (i + 1) * size]) if any(one.real) and s.starts_at <= now else None
        for i, s in enumerate(spots)
    ]
    took = [
        _round(mean_aht(zip(one.real[i * size : (i + 1) * size], one.real_aht[i * size : (i + 1) * size], strict=True)))
        for i in range(len(spots))
    ]
    series: list[dict[str, Any]] = [
        {"name": _("Forecast"), "values": [_round(s.volume) for s in spots]},
        {"name": _("Realisation"), "values": real},
    ]
    if any(s.low is not None for s in spots):
        series += [{"name": _("At least"), "values": [_round(s.low) for s in spots], "quiet": True},
                   {"name": _("At most"), "values": [_round(s.high) for s in spots], "quiet": True}]  # fmt: skip
    charts = [{"id": "volume", "title": _("Customers by interval"), "unit": "",
               "chart": {"kind": "line", "labels": labels, "series": series, "target": None}}]  # fmt: skip
    if any(s.aht is not None for s in spots) or any(value is not None for value in took):
        handling = [{"name": _("Forecast"), "values": [_round(s.aht) for s in spots]},
                    {"name": _("Realisation"), "values": took}]  # fmt: skip
        charts.append({"id": "aht", "title": _("Handling time by interval"), "unit": "s",
                       "chart": {"kind": "line", "labels": labels, "series": handling, "target": None}})  # fmt: skip
    return charts


def _month_charts(days: list[Compared], target: float, place: dict[str, Any]) -> list[dict[str, Any]]:
    if not any(_expected([one]) is not None or any(one.real) for one in days):
        return []
    labels = [str(one.day.day.day) for one in days]
    urls = [_address(place, day=one.day.day, period=Period.DAY) for one in days]
    volumes = [{"name": _("Forecast"), "values": [_round(_expected([one])) for one in days]},
               {"name": _("Realisation"), "values": [sum(one.real) or None for one in days]}]  # fmt: skip
    off = [_round(one.accuracy.wape) if one.accuracy else None for one in days]
    return [
        {"id": "volume", "title": _("Customers by day"), "unit": "",
         "chart": {"kind": "bar", "labels": labels, "series": volumes, "target": None, "urls": urls}},
        {"id": "wape", "title": _("WAPE by day"), "unit": "%",
         "chart": {"kind": "bar", "labels": labels, "series": [{"name": "WAPE", "values": off}], "target": target,
                   "target_label": _("Target"), "urls": urls}},
    ]  # fmt: skip


def _rows(days: list[Compared], target: float, place: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"day": one.day.day, "url": _address(place, day=one.day.day, period=Period.DAY), "expected": _expected([one]),
         "real": sum(one.real) or None, "accuracy": one.accuracy,
         "late": bool(one.accuracy and one.accuracy.wape is not None and one.accuracy.wape > target)}
        for one in days if _expected([one]) is not None or any(one.real)
    ]  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


# Making --------------------------------------------------------------------------------------------------------------


@require_GET
def forecast(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Forecast, me(request), pk)
    days = [
        {"day": one.day, "method": one.get_method_display() if one.method else "",
         "volume": sum(v for v in one.volume if v is not None) if any(v is not None for v in one.volume) else None,
         "low": whole(one.low), "high": whole(one.high),
         "aht": mean_aht(zip(one.volume, one.aht, strict=True)), "quarters": sum(v is not None for v in one.volume),
         "url": _address({"site": found.site, "channel": found.channel, "period": Period.DAY, "step": "30",
                          "day": one.day})}
        for one in found.days.all()
    ]  # fmt: skip
    context = {
        "title": _("Forecast"), "subtitle": f"{found.get_channel_display()} · {found.site.name}", "forecast": found,
        "crumbs": [*_crumbs(), {"label": _("Forecasts made"), "url": reverse("realtime:forecasts_made")}],
        "days": days, "zone": found.site.zone,
    }  # fmt: skip
    return render(request, "realtime/forecast.html", context)


@require_http_methods(["GET", "POST"])
def make(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, FORECASTERS):
        raise NotAllowed
    form = MakeForm(request.POST or None, user=user, initial=_initial(request, "first", "last"))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        params = {"site": given["site"].pk, "channel": given["channel"], "first": given["first"].isoformat(),
                  "last": given["last"].isoformat(), "reason": given["reason"]}  # fmt: skip
        job = job_start(kind=jobs.MAKE.key, params=params, owner=user, now=timezone.now())
        return redirect("exports:job", job.pk)
    context = {"title": _("Compute a forecast anew"), "form": form, "submit": _("Compute"), "icon": "refresh"}
    return _form(request, context)


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, FORECASTERS):
        raise NotAllowed
    form = EnterForm(request.POST or None, user=user, initial=_initial(request, "day"))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = forecast_enter(actor=user, now=timezone.now(), **given)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The forecast is in force as entered."))
            place = {"site": made.site, "channel": made.channel, "period": Period.DAY, "step": "30",
                     "day": made.first_day}  # fmt: skip
            return redirect(_address(place))
    context = {"title": _("Enter a forecast"), "form": form, "submit": _("Keep"), "icon": "device-floppy"}
    return _form(request, context)


def _form(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    context |= {"crumbs": _crumbs(), "cancel_url": reverse("realtime:forecasts")}
    return render(request, "realtime/form.html", context, status=422 if context["form"].errors else 200)


def _initial(request: HttpRequest, *days: str) -> dict[str, Any]:
    """What the address says of it; a day that is over is none to forecast."""
    given, today = request.GET, local_day(timezone.now(), JAKARTA)
    try:
        day = max(today, reachable(date.fromisoformat(given.get("day", "")[:10])))
    except (ValueError, forms.ValidationError):
        day = today
    return {name: given[name] for name in ("site", "channel") if name in given} | dict.fromkeys(days, day)


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Forecast"), "url": reverse("realtime:forecasts")}]
