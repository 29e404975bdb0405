"""Coming in and going out: user name and password, the identity provider, a new password."""

from allauth.account.internal.flows.login import perform_password_login, record_authentication
from allauth.account.models import Login
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import Refused
from occ.forms import add_refusal
from occ.login import openid
from occ.login.forms import LoginForm, PasswordForm
from occ.login.places import address_of, place_of
from occ.login.services.entering import LoginRefused, find, password_check, refusal_record
from occ.login.services.identities import PROVIDER, identity_user
from occ.login.services.logins import password_change as change
from occ.people.access import me


def goal(request: HttpRequest) -> str:
    """Where somebody wanted to go; only addresses of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(goal(request) or "home")
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["username"].strip()
        user, now = find(name), timezone.now()
        try:
            entered = password_check(
                username=name, password=form.cleaned_data["password"], user=user, place=place_of(request, user),
                address=address_of(request), now=now,
            )  # fmt: skip
        except LoginRefused as refusal:
            add_refusal(form, refusal)
        else:
            return perform_password_login(request, {}, Login(user=entered, redirect_url=goal(request) or None))
    context = {"form": form, "next": goal(request), "provider": settings.OIDC.get("name", "")}
    return render(request, "login/login.html", context, status=422 if form.errors else 200)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    end_session(request)
    return redirect("login")


@never_cache
@require_GET
def openid_start(request: HttpRequest, provider_id: str) -> HttpResponse:
    if not settings.OIDC:
        raise Http404
    try:
        return openid.begin(request, goal(request))
    except openid.Away:
        return turn_away(request, away_words())
    except openid.Distrusted as error:
        return distrust(request, error)


@never_cache
@require_GET
def openid_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    if not settings.OIDC:
        raise Http404
    try:
        claims, wanted = openid.finish(request)
        user = identity_user(claims=claims, address=address_of(request), now=timezone.now())
    except openid.Away:
        return turn_away(request, away_words())
    except openid.Distrusted as error:
        if request.user.is_authenticated and error.args == ("state",):
            return redirect("home")  # logged in by another tab, whose log-in was the last that this answer fits
        return distrust(request, error)
    except LoginRefused as refusal:
        return turn_away(request, str(refusal))
    if request.user.is_authenticated:
        end_session(request)
    record_authentication(request, user, method=PROVIDER)
    response: HttpResponse = perform_login(request, user, redirect_url=wanted or None)
    return response


def away_words() -> str:
    words = _("%(name)s does not answer. Try again in a moment, or log in with your password.")
    return words % {"name": settings.OIDC["name"]}


def distrust(request: HttpRequest, error: openid.Distrusted) -> HttpResponse:
    refusal_record(None, reason=f"oidc_{error.args[0]}", address=address_of(request), now=timezone.now())
    words = _("Logging in through %(name)s did not come to its end. Begin again.")
    return turn_away(request, words % {"name": settings.OIDC["name"]})


def turn_away(request: HttpRequest, words: str) -> HttpResponse:
    messages.error(request, words)
    return redirect("login")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    user = me(request)
    form = PasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change(
                user=user, new=form.cleaned_data["new_password1"], session_key=request.session.session_key,
                now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            update_session_auth_hash(request, user)
            return redirect("password_change_done")
    return render(request, "login/password.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def password_change_done(request: HttpRequest) -> HttpResponse:
    return render(request, "login/password_done.html")
