"""One's own second factor: set up, see, new recovery codes, switch off."""

import base64
import io

import segno
from allauth.account.internal.flows.login import record_authentication
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.encryption import decrypt, encrypt
from occ.errors import Refused
from occ.forms import add_refusal
from occ.login.adapters import MFAAdapter
from occ.login.forms import DeedForm, SetUpForm
from occ.login.services import second_factor as services
from occ.people.access import me
from occ.people.models import User

SECRET = "occ_new_secret"  # noqa: S105  (the session's key for it)


def overview(request: HttpRequest, **forms: DeedForm) -> HttpResponse:
    user, now = me(request), timezone.now()
    context = {
        "title": _("Second factor"),
        "subtitle": _("Beside your password, a code that only your own device shows"),
        "factor": services.factor_of(user),
        "needed": services.is_needed(user, now=now),
        "left": services.codes_left(user),
        "renew": DeedForm(user=user, purpose="recovery_codes", prefix="renew"),
        "off": DeedForm(user=user, purpose="second_factor_off", prefix="off"),
        "open": next(iter(forms), ""),
    }
    return render(request, "login/second_factor.html", context | forms, status=422 if forms else 200)


@never_cache
@require_GET
def second_factor(request: HttpRequest) -> HttpResponse:
    return overview(request)


@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if services.factor_of(user) is not None:
        return redirect("second_factor")
    form = SetUpForm(request.POST or None, user=user, purpose="second_factor_set")
    if request.method == "POST" and SECRET in request.session and form.is_valid():
        try:
            codes = services.second_factor_set(
                user=user, secret=decrypt(request.session[SECRET]), code=form.cleaned_data["code"],
                session_key=request.session.session_key, now=now,
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            del request.session[SECRET]
            record_authentication(request, user, method="mfa", type="totp")
            return show_codes(request, codes)
    # A new secret for each look at the page; one that was typed wrong stays, as the device has it already.
    if request.method == "GET" or SECRET not in request.session:
        request.session[SECRET] = encrypt(services.new_secret())
    context = {"form": form, "needed": services.is_needed(user, now=now)}
    context |= picture(user, decrypt(request.session[SECRET]))
    return render(request, "login/set_up.html", context, status=422 if form.errors else 200)


def picture(user: User, secret: str) -> dict[str, str]:
    """The secret as a QR code for the device's camera, and in letters for its keyboard."""
    url = MFAAdapter().build_totp_url(user, secret)
    out = io.BytesIO()
    segno.make(url, error="m").save(out, kind="svg", scale=5, border=3, light="#fff")
    image = base64.b64encode(out.getvalue()).decode()
    words = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return {"image": f"data:image/svg+xml;base64,{image}", "secret": words, "url": url}


def show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Once, as the answer: no address shows them again."""
    return render(request, "login/codes.html", {"codes": [f"{one[:4]} {one[4:]}" for one in codes]})


@never_cache
@require_POST
def codes_renew(request: HttpRequest) -> HttpResponse:
    user = me(request)
    form = DeedForm(request.POST, user=user, purpose="recovery_codes", prefix="renew")
    if form.is_valid():
        try:
            return show_codes(request, services.recovery_codes_renew(user=user, now=timezone.now()))
        except Refused as refusal:
            add_refusal(form, refusal)
    return overview(request, renew=form)


@require_POST
def switch_off(request: HttpRequest) -> HttpResponse:
    user = me(request)
    form = DeedForm(request.POST, user=user, purpose="second_factor_off", prefix="off")
    if form.is_valid():
        try:
            services.second_factor_off(user=user, session_key=request.session.session_key, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your second factor is off."))
            return redirect("second_factor")
    return overview(request, off=form)
