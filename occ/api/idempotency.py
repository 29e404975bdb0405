"""`Idempotency-Key`: a POST repeated with the same key does its work once and gets the same answer again."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from occ.api.models import IdempotentAnswer
from occ.errors import Refused
from occ.people.models import User


class KeyReused(Refused):
    code = "idempotency_key_reused"
    status = 422


def digest(request: Request) -> str:
    """What was asked: the address, the values, and the bytes of the files."""
    said = hashlib.sha256(f"{request.path}\n{request.data}".encode())
    for name, file in sorted(request.FILES.items()):
        said.update(f"\n{name}\n".encode())
        for chunk in file.chunks():
            said.update(chunk)
        file.seek(0)
    return said.hexdigest()


def idempotent(post: Callable[..., Response]) -> Callable[..., Response]:
    """Decorates an APIView's `post`. A second request waits for the first (unique key) and then repeats its answer.

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
                return Response(kept.body, status=kept.status)
            try:
                response = post(view, request, *args, **kwargs)
            except Refused as refusal:
                if not refusal.leaves:
                    raise
                left = refusal
                kept.delete()
            else:
                kept.status, kept.body = response.status_code, response.data
                kept.save(update_fields=["status", "body"])
                return response
        raise left

    return wrapped
