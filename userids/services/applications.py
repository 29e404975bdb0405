"""Applications: how OCC reaches each, with what token, and what happens at due time (UID-6, UID-10).

A token is written and never read by anybody but the connector. It belongs to the place it was entered for: who changes
the address enters it anew, so that it cannot be sent elsewhere by changing the address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from occ.addresses import Forbidden
from occ.encryption import Unreadable
from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import User
from occ.people.scope import site_ids
from occ.times import in_reach
from userids.choices import ConnectorKind, EnforcementMode
from userids.connectors.addresses import checked
from userids.connectors.base import Connector, ConnectorError
from userids.connectors.manual import ManualConnector
from userids.models import Application, ApplicationSecret, Enforcement

if TYPE_CHECKING:
    from userids.connectors.scim import ScimConnector

EDITORS = {Role.IT, Role.ADMINISTRATOR}
FIELDS = ("name", "connector", "base_url", "timeout_seconds", "requests_per_second")


def may_edit(actor: User) -> bool:
    """An application serves every site, so the role is needed for all of them."""
    return site_ids(actor, EDITORS) is None


def must_edit(actor: User) -> None:
    if not may_edit(actor):
        raise NotAllowed


def loopback() -> bool:
    """Whether connectors may speak to this machine: in the demo and in tests."""
    return bool(settings.DEMO)


def variable(application: Application) -> str:
    """The environment variable that may hold the token."""
    return "SCIM_TOKEN_" + re.sub(r"[^A-Z0-9]", "_", application.code.upper())


def token_source(application: Application) -> str:
    """ "environment", "database" or "" (there is none)."""
    if os.environ.get(variable(application)):
        return "environment"
    return "database" if ApplicationSecret.objects.filter(application=application).exists() else ""


def token_of(application: Application) -> str:
    """Raises ConnectorError where the token is there but no key opens it."""
    if given := os.environ.get(variable(application)):
        return given
    try:
        secret = ApplicationSecret.objects.filter(application=application).first()
    except Unreadable:
        raise ConnectorError(
            _("The token of this application cannot be read any more: Team IT enters it anew."), temporary=False
        ) from None
    return secret.token if secret else ""


@contextmanager
def connected(application: Application) -> Iterator[Connector]:
    """The application's connector, as it is set. Not to be used inside a transaction. Raises ConnectorError."""
    if application.connector != ConnectorKind.SCIM:
        yield ManualConnector()
        return
    scim = scim_of(application)
    try:
        yield scim
    finally:
        scim.close()


def scim_of(application: Application) -> ScimConnector:
    from userids.connectors.scim import ScimConnector  # takes a second and a half: only who speaks SCIM waits for it

    return ScimConnector(
        application.base_url, token_of(application), timeout=application.timeout_seconds,
        rate=application.requests_per_second, loopback=loopback(),
    )  # fmt: skip


def connection_faults(
    application: Application, *, connector: str, base_url: str, token: str, now: datetime
) -> list[Invalid]:
    """All that cannot be right in how an application is to be reached, each with its field."""
    faults = []
    if connector == ConnectorKind.SCIM or base_url.strip():
        try:
            checked(base_url, loopback=loopback())
        except Forbidden as refusal:
            faults.append(Invalid(str(refusal), field="base_url"))
    if connector == ConnectorKind.MANUAL and mode_at(application, now) == EnforcementMode.ENFORCE:
        words = _("The connector deactivates at due time here. Change that policy first.")
        faults.append(Invalid(words, field="connector"))
    if not token.isascii() or any(c.isspace() for c in token):
        faults.append(Invalid(_("A token has no spaces and only plain characters."), field="token"))
    return faults


@transaction.atomic
def application_edit(
    *, application_id: int, name: str, connector: str, base_url: str, timeout_seconds: int, requests_per_second: int,
    token: str = "", forget_token: bool = False, note: str, actor: User, now: datetime,
) -> Application:  # fmt: skip
    """Change how an application is reached. `token` empty: the one that is there stays. Raises NotAllowed, Invalid."""
    must_edit(actor)
    application = Application.objects.select_for_update(no_key=True).get(pk=application_id)
    if faults := connection_faults(application, connector=connector, base_url=base_url, token=token, now=now):
        raise faults[0]
    base_url = base_url.strip().rstrip("/")
    told = _keep_token(application, base_url, token, forget_token, now=now)
    was = {field: getattr(application, field) for field in FIELDS}
    given = (name, connector, base_url, timeout_seconds, requests_per_second)
    for field, value in zip(FIELDS, given, strict=True):
        setattr(application, field, value)
    sign(application, actor, f"{note} ({told})" if told else note, now=now)
    application.save(update_fields=FIELDS)
    data = {"was": was, "is": {field: getattr(application, field) for field in FIELDS}, "token": told, "note": note}
    record(actor=actor, action="application.edited", subject=application, data=data, now=now)
    return application


def _keep_token(application: Application, base_url: str, token: str, forget: bool, *, now: datetime) -> str:
    """Enter, keep or remove the token; what was done, in words for the history."""
    if token:
        ApplicationSecret.objects.update_or_create(application=application, defaults={"token": token, "set_at": now})
        return _("token entered anew")
    present = ApplicationSecret.objects.filter(application=application)
    if forget or (origin(base_url) != origin(application.base_url)):
        return _("token removed") if present.delete()[0] else ""
    return ""


def origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def mode_at(application: Application, at: datetime) -> str:
    row = Enforcement.objects.filter(application=application, valid_from__lte=at).order_by("-valid_from").first()
    return row.mode if row else str(EnforcementMode.REMIND)


@transaction.atomic
def enforcement_set(
    *, application_id: int, mode: str, valid_from: datetime | None, reason: str, actor: User, now: datetime
) -> Enforcement:
    """What happens at due time, from an instant on (default now), never in the past: what was judged stays judged."""
    must_edit(actor)
    application = Application.objects.select_for_update(no_key=True).get(pk=application_id)
    begins = valid_from or now
    if not reason.strip():
        raise Invalid(_("Say why the policy changes."), field="reason")
    if begins < now or not in_reach(begins):
        raise Invalid(_("A policy cannot change the past."), field="valid_from")
    if mode not in EnforcementMode.values:
        raise Invalid(_("This value does not fit the policy."), field="mode")
    if mode == EnforcementMode.ENFORCE and application.connector == ConnectorKind.MANUAL:
        raise Invalid(_("There is no connector that could deactivate by itself: set one up first."), field="mode")
    try:
        with transaction.atomic():
            row = Enforcement.objects.create(
                application=application, mode=mode, valid_from=begins, reason=reason.strip(), set_by=actor, set_at=now
            )
    except IntegrityError as error:
        raise Invalid(_("For this instant the policy is set already."), field="valid_from") from error
    data: dict[str, Any] = {"mode": mode, "valid_from": begins, "reason": reason}
    record(actor=actor, action="application.enforcement", subject=application, data=data, now=now)
    return row


def application_test(*, application_id: int, actor: User, now: datetime) -> int:
    """Ask the application how many users it has. Raises ConnectorError in words, NotAllowed."""
    must_edit(actor)
    application = Application.objects.get(pk=application_id)
    outcome: dict[str, Any] = {}
    try:
        with connected(application) as connector:
            if isinstance(connector, ManualConnector):
                connector.get("")
            outcome = {"users": cast("ScimConnector", connector).count()}
    except ConnectorError as error:
        outcome = {"error": str(error)}
        raise
    finally:
        record(actor=actor, action="application.tested", subject=application, data=outcome, now=now)
    return int(outcome["users"])
