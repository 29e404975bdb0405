"""What allauth asks of us: nobody signs up, no message of its own, and secrets are encrypted."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from occ import encryption
from occ.login.places import address_of, device_remember
from occ.login.services.entering import entry_record, half_way, may_log_in, refusal_record
from occ.people.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def is_safe_url(self, url: str | None) -> bool:
        return bool(url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The page that follows says enough."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Ours go through occ.notifications."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        now = timezone.now()
        if may_log_in(user, now=now):
            half_way(request, user)
            return None
        clear_login(request)
        refusal_record(user, reason="off", address=address_of(request), now=now)
        return redirect("login")

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Called once every stage is passed and the session is the user's."""
        assert isinstance(user, User)
        methods = [one["method"] for one in get_authentication_records(request, user)]
        entry_record(user, methods=methods, address=address_of(request), now=timezone.now())
        goal = kwargs.get("redirect_url")
        response = redirect(goal if goal and self.is_safe_url(goal) else "home")
        device_remember(request, response, user)
        return response


class MFAAdapter(DefaultMFAAdapter):
    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def get_totp_issuer(self) -> str:
        return "OCC"

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)
