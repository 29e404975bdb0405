"""`Authorization: Token …` for machines; sessions are Django REST Framework's own."""

import hashlib
import secrets
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from occ.api.models import ApiToken
from occ.people.models import User


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def token_create(*, name: str, user: User, now: datetime) -> str:
    """A new token's text; it is not kept and cannot be shown again."""
    token = "occ_" + secrets.token_urlsafe(32)
    ApiToken.objects.create(name=name, user=user, digest=digest(token), created_at=now)
    return token


class ApiTokenAuthentication(BaseAuthentication):
    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[object, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"token":
            return None
        now = timezone.now()
        found = ApiToken.objects.select_related("user__person").filter(
            Q(expires_at=None) | Q(expires_at__gt=now),
            digest=digest(words[1].decode("latin-1") if len(words) == 2 else ""),
            revoked_at=None,
            user__is_active=True,
        )
        token = found.first()
        if token is None:
            raise AuthenticationFailed(_("This token is unknown, revoked or expired."))
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword
