"""User IDs of an application that speaks SCIM 2.0 (RFC 7643, RFC 7644): the logbook's key is its `userName`.

Servers differ, so what they add is let be, and what they say is judged: a filter that does not filter, a list that does
not add up to its own total, a success that changed nothing each raise ConnectorError.
"""

import json
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx2
from scim2_client import SCIMClientException
from scim2_models import PatchOp, ResourceType, SCIMException, ScimProvider, SearchRequest, User

from occ.addresses import Forbidden
from occ.texts import told as _
from occ.times import in_reach
from userids.connectors.addresses import Guarded, checked, transport
from userids.connectors.base import ConnectorError, RemoteUser
from userids.connectors.speaking import NotThere, Speaker

# Seconds that one deed may take with all its tries; a list has as many pages as it has.
LIMIT = 60.0
LIST_LIMIT = 600.0
PAGE = 100
MOST_USERS = 1_000_000
# Applications that change themselves a moment later than they say are read again, so often and after so many seconds.
READS = (0.0, 0.5, 1.0, 2.0)
LAST_LOGIN = ("lastlogin", "lastloginat", "lastlogindate", "lastsignin", "lastsigninat", "lastsignindatetime")


class ScimConnector:
    """Speaks with a bearer token, within `timeout` seconds a request and `rate` requests a second.

    `loopback`: addresses of this machine are let in (demo and tests). Raises ConnectorError where the address is not.
    """

    def __init__(
        self, base_url: str, token: str, *, timeout: float = 10.0, rate: float = 5.0, loopback: bool = False,
        **speaking: Any,
    ) -> None:  # fmt: skip
        try:
            base_url = checked(base_url, loopback=loopback)
        except Forbidden as refusal:
            raise ConnectorError(str(refusal), temporary=False) from None
        headers = {"Accept": "application/scim+json, application/json", "Content-Type": "application/scim+json",
                   "Accept-Encoding": "identity", "User-Agent": "OCC"}  # fmt: skip
        if token:
            headers["Authorization"] = f"Bearer {token}"
        guard = Guarded(loopback=loopback)
        self.client = httpx2.Client(base_url=base_url, headers=headers, transport=transport(guard), trust_env=False)
        provider = ScimProvider(models=(User,), resource_types=(ResourceType.from_resource(User),))
        self.scim = Speaker(
            self.client, guard=guard, timeout=timeout, rate=rate, secret=token, provider=provider,
            check_response_payload=False, **speaking,
        )  # fmt: skip

    def close(self) -> None:
        self.client.close()

    # What a connector does ----------------------------------------------------------------------------------------

    def list_accounts(self) -> Iterator[RemoteUser]:
        """All users, each once; nobody is handed out before the list was found to be whole."""
        self.scim.begin(LIST_LIMIT)
        try:
            found = self._all()
        except Incomplete:  # somebody came or went while it was read
            found = self._all()
        yield from found.values()

    def get(self, user_id: str) -> RemoteUser | None:
        self.scim.begin(LIMIT)
        return self._find(user_id)

    def deactivate(self, user_id: str) -> RemoteUser:
        self.scim.begin(LIMIT)
        before = self._there(user_id)
        if before.active:
            self._patch(before, {"active": False})
        return self._read_until(
            before, lambda now: not now.active, _("The application still shows user ID %(id)s as active.")
        )

    def replace(self, user_id: str, *, name: str, email: str) -> RemoteUser:
        self.scim.begin(LIMIT)
        before = self._there(user_id)
        mail = [{"value": email, "type": "work", "primary": True}]
        self._patch(before, {"displayName": name, "name.formatted": name, "emails": mail, "active": True})
        return self._read_until(
            before,
            lambda now: now.active and folded(now.email) == folded(email) and folded(now.name) == folded(name),
            _("The application does not show user ID %(id)s with its new holder."),
        )

    def count(self, *, tries: int = 1) -> int:
        """How many users the application says it has: whether it can be reached, and knows OCC."""
        self.scim.begin(LIMIT, tries=tries)
        return self._page(1, count=1)[1]

    # How --------------------------------------------------------------------------------------------------------

    def _there(self, user_id: str) -> RemoteUser:
        found = self._find(user_id)
        if found is None:
            raise ConnectorError(_("The application knows no user ID %(id)s.") % {"id": user_id}, temporary=False)
        return found

    def _find(self, user_id: str) -> RemoteUser | None:
        """By `userName`, whatever its case. Raises rather than take somebody else or miss one among unfiltered rows."""
        quoted = json.dumps(user_id, ensure_ascii=False)  # as RFC 7644 3.4.2.2 has it
        try:
            rows, total = self._page(1, filter=f"userName eq {quoted}")
        except NotThere:
            return None
        users = [remote(row) for row in rows]
        if any(folded(one.user_id) != folded(user_id) for one in users):
            raise ConnectorError(_("The application answers with other users than the one asked for."), temporary=False)
        if len(users) > 1 or total > 1:
            raise ConnectorError(
                _("The application knows several users with the ID %(id)s.") % {"id": user_id}, temporary=False
            )
        if not users and total:
            raise not_understood()
        return users[0] if users else None

    def _patch(self, user: RemoteUser, values: dict[str, Any]) -> None:
        operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
        with understood():
            self.scim.modify(User, user.remote_id, PatchOp[User].model_validate({"Operations": operations}))

    def _read_until(self, user: RemoteUser, shown: Any, otherwise: str) -> RemoteUser:
        """The user read back, once it shows what it should; a person has to look where it does not."""
        for wait in READS:
            if wait:
                self.scim.sleep(wait)
            with understood():
                raw: Any = self.scim.query(User, user.remote_id)
            now = remote(raw)
            if (now.remote_id, folded(now.user_id)) != (user.remote_id, folded(user.user_id)):
                raise ConnectorError(
                    _("The application answers with other users than the one asked for."), temporary=False
                )
            if shown(now):
                return now
        raise ConnectorError(otherwise % {"id": user.user_id}, temporary=False)

    def _all(self) -> dict[str, RemoteUser]:
        """By the application's own key. Raises Incomplete when the pages do not add up to the total it names."""
        found: dict[str, RemoteUser] = {}
        start, first_total = 1, None
        while True:
            rows, total = self._page(start, count=PAGE)
            first_total = total if first_total is None else first_total
            if total > MOST_USERS:
                raise ConnectorError(_("The application names more users than OCC reads."), temporary=False)
            found |= {one.remote_id: one for one in map(remote, rows)}
            beyond, start = start > total, start + len(rows)
            # A last page that is full may be followed by one that the total keeps quiet about: it is asked for, once.
            if not rows or total != first_total or beyond or (start > total and len(rows) < PAGE):
                break
        if len(found) != total or total != first_total:
            raise Incomplete(
                _("The application names %(total)s users, and its pages hold %(found)s: the list is not whole.")
                % {"total": total, "found": len(found)},
                temporary=True,
            )
        return found

    def _page(self, start: int, *, count: int | None = None, filter: str | None = None) -> tuple[list[Any], int]:
        """The rows, and how many there are in all."""
        asked: dict[str, Any] = {"start_index": start, "count": count} if filter is None else {"filter": filter}
        with understood():
            page: Any = self.scim.query(User, query_parameters=SearchRequest(**asked))
        page = lowered(page)
        rows, total = page.get("resources") or [], page.get("totalresults")
        if not isinstance(rows, list) or not isinstance(total, int) or isinstance(total, bool) or total < 0:
            raise not_understood()
        return rows, total


class Incomplete(ConnectorError):
    """The list was not whole."""


@contextmanager
def understood() -> Iterator[None]:
    """What the client library says about an answer, in our words: a proxy's page, half an answer, nonsense."""
    try:
        yield
    except (SCIMClientException, SCIMException):
        raise not_understood() from None


def not_understood() -> ConnectorError:
    return ConnectorError(_("The application's answer is not understood."), temporary=True)


def folded(text: str) -> str:
    """For comparing: SCIM's user names know no case."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def lowered(raw: Any) -> dict[str, Any]:
    """Attribute names know no case (RFC 7643 2.1)."""
    if not isinstance(raw, dict):
        raise not_understood()
    return {str(key).lower(): value for key, value in raw.items()}


def remote(raw: Any) -> RemoteUser:
    """A user as the application shows it; without `active`, active: nothing says otherwise."""
    user = lowered(raw)
    user_id, remote_id = user.get("username"), user.get("id")
    if not (isinstance(user_id, str) and user_id.strip() and isinstance(remote_id, str) and remote_id):
        raise not_understood()
    name, meta = lowered(user.get("name") or {}), lowered(user.get("meta") or {})
    parts = (text(name.get("givenname")), text(name.get("familyname")))
    return RemoteUser(
        user_id=user_id.strip(), remote_id=remote_id, active=str(user.get("active", True)).lower() != "false",
        name=text(user.get("displayname")) or text(name.get("formatted")) or " ".join(filter(None, parts)),
        email=chosen(user.get("emails")), role=chosen(user.get("roles")) or text(user.get("usertype")),
        last_login_at=last_login(user), created_at=instant(meta.get("created")),
        modified_at=instant(meta.get("lastmodified")),
    )  # fmt: skip


def text(value: Any) -> str:
    return value.strip()[:300] if isinstance(value, str) else ""


def chosen(values: Any) -> str:
    """The primary one of several values, else the first."""
    rows = [lowered(one) for one in values if isinstance(one, dict)] if isinstance(values, list) else []
    rows.sort(key=lambda one: one.get("primary") is not True)
    return text(rows[0].get("value")) or text(rows[0].get("display")) if rows else ""


def instant(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None and in_reach(at) else None


def last_login(user: dict[str, Any]) -> datetime | None:
    """No attribute of the standard: under one of its usual names, in the user itself or in an extension."""
    places = [
        user,
        *(lowered(value) for key, value in user.items() if key.startswith("urn:") and isinstance(value, dict)),
    ]
    found = (instant(place.get(name)) for place in places for name in LAST_LOGIN)
    return next((at for at in found if at is not None), None)
