"""`Idempotency-Key`: a POST repeated with the same key does its work once and gets the same answer again."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from occ.api.models import IdempotentAnswer
from occ.api.policies import KEPT_DAYS
from occ.errors import Refused
from occ.people.models import User
from occ.policies.services import policy_value


class KeyReused(Refused):
    code = "idempotency_key_reused"
    status = 422


def digest(request: Request) -> str:
    """What was asked: the address, the values, and the bytes of the files. Keyed: few values could be guessed else."""
    key = hashlib.sha256(b"occ.idempotency" + settings.SECRET_KEY.encode()).digest()
    said = hmac.new(key, f"{request.path}\n{request.data}".encode(), hashlib.sha256)
    for name, file in sorted(request.FILES.items()):
        said.update(f"\n{name}\n".encode())
        for chunk in file.chunks():
            said.update(chunk)
        file.seek(0)
    return said.hexdigest()


def idempotent(post: Callable[..., Response]) -> Callable[..., Response]:
    """Decorates an APIView's `post`. A second request waits for the first (unique key) and then repeats its answer,
    for as many days as answers are kept.

    Only answers that changed something are kept (below 400): a refused one may be tried again with the same key. What
    a refusal leaves stays.
    """
    return _once(post, None)


def idempotent_after(look: Callable[..., Any]) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """As `idempotent`, where something outside the database has to be asked first, and no transaction waits for it:
    `look(view, request, …)` is called before it begins, and `post` is given what it said as `looked`."""
    return lambda post: _once(post, look)


def _once(post: Callable[..., Response], look: Callable[..., Any] | None) -> Callable[..., Response]:
    @wraps(post)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")[:120]
        user = request.user
        assert isinstance(user, User)
        said = digest(request) if key else ""
        answered = IdempotentAnswer.objects.filter(user=user, key=key, request_digest=said)
        if look is not None and not (key and answered.exists()):
            kwargs["looked"] = look(view, request, *args, **kwargs)
        if not key:
            return post(view, request, *args, **kwargs)
        with transaction.atomic():
            kept, created = IdempotentAnswer.objects.select_for_update(no_key=True).get_or_create(
                user=user, key=key, defaults={"request_digest": said, "at": timezone.now()}
            )
            if kept.request_digest != said:
                raise KeyReused(_("This Idempotency-Key was used for another request."))
            if not created:
                return Response(json.loads(kept.body) if kept.body else None, status=kept.status)
            try:
                response = post(view, request, *args, **kwargs)
            except Refused as refusal:
                if not refusal.leaves:
                    raise
                left = refusal
                kept.delete()
            else:
                kept.status = response.status_code
                kept.body = "" if response.data is None else JSONRenderer().render(response.data).decode()
                kept.save(update_fields=["status", "body"])
                return response
        raise left

    return wrapped


def answers_clear(*, now: datetime) -> int:
    """Forget what was answered longer ago than the policy says; how many. The same key then begins anew."""
    before = now - timedelta(days=float(policy_value(KEPT_DAYS, at=now)))
    return IdempotentAnswer.objects.filter(at__lt=before).delete()[0]
