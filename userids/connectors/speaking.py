"""One request to a SCIM server, patiently: paced, limited in time and size, tried again where that can help.

Tried again: what did not arrive, 429 and 5xx, after the time that Retry-After names or else longer and longer ones with
jitter. Never tried again: 400, 401, 403, 404, 409 and whatever else a second asking would not change.
"""

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient

from occ.addresses import Forbidden
from occ.texts import told as _
from userids.connectors.addresses import Guarded
from userids.connectors.base import ConnectorError

TRIES = 3
FIRST_WAIT = 0.5  # seconds; doubled with each try
PATIENCE = 15.0  # seconds; who is told to wait longer comes back another time
LARGEST = 16 * 2**20  # bytes of one answer
LONGEST_WAIT = 86_400.0
TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
KEPT_HEADERS = ("content-type", "retry-after")


class NotThere(ConnectorError):
    """404."""


class Speaker(SyncSCIMClient):
    """The SCIM client's way to the network. Raises ConnectorError for all that is no success; never names a secret."""

    def __init__(
        self, client: httpx2.Client, *, guard: Guarded, timeout: float, rate: float, secret: str,
        sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(client, **kwargs)
        self.timeout, self.pause, self.secret = timeout, 1 / rate, secret
        self.guard, self.sleep, self.clock = guard, sleep, clock
        self.ends_at, self.last_at, self.tries = clock(), clock() - self.pause, TRIES

    def begin(self, seconds: float, *, tries: int = TRIES) -> None:
        """Whatever is asked from now on has ended, or is given up, after so many seconds."""
        self.ends_at, self.tries = self.clock() + seconds, tries

    def request(self, method: str, url: str, **kwargs: Any) -> httpx2.Response:
        for attempt in range(1, self.tries + 1):
            try:
                answer = self._once(method, url, **kwargs)
                if answer.status_code < 300:
                    return answer
                failure = self._refusal(answer)
            except Forbidden as refusal:
                raise ConnectorError(str(refusal), temporary=False) from None
            except httpx2.InvalidURL as error:
                raise ConnectorError(_("This is no address."), temporary=False) from error
            except httpx2.RequestError as error:
                failure = ConnectorError(network_words(error), temporary=True)
            wait = failure.retry_after
            if wait is None:
                wait = FIRST_WAIT * 2**attempt * random.uniform(0.5, 1)  # noqa: S311 - jitter
            if not failure.temporary or attempt == self.tries or wait > PATIENCE or self._left() <= wait:
                raise failure
            self.sleep(wait)
        raise AssertionError("unreachable")

    def _left(self) -> float:
        return self.ends_at - self.clock()

    def _once(self, method: str, url: str, **kwargs: Any) -> httpx2.Response:
        """The answer with its whole body. The time limit holds for the whole of it, however slowly it drips."""
        if (early := self.last_at + self.pause - self.clock()) > 0:
            self.sleep(early)
        self.last_at = self.clock()
        limit = min(self.timeout, self._left())
        if limit <= 0:
            raise httpx2.ReadTimeout("out of time")
        self.guard.until, body = time.monotonic() + limit, bytearray()
        with self.client.stream(method, url, timeout=limit, **kwargs) as answer:
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise ConnectorError(_("The application's answer is too large."), temporary=False)
            headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
            return httpx2.Response(answer.status_code, headers=headers, content=bytes(body))

    def _refusal(self, answer: httpx2.Response) -> ConnectorError:
        status = answer.status_code
        if status == 404:
            return NotThere(_("The application has nothing at this address (404)."), temporary=False)
        if status in TEMPORARY:
            words = (
                _("The application is busy (%(status)s).")
                if status == 429
                else _("The application fails (%(status)s).")
            )
            wait = retry_after(answer.headers.get("retry-after"), now=datetime.now(UTC))
            return ConnectorError(words % {"status": status} + self._detail(answer), temporary=True, retry_after=wait)
        words = {
            400: _("The application does not understand what OCC asks (400)."),
            401: _("The application refuses OCC's token (401): Team IT enters a new one."),
            403: _("The application does not let OCC do this (403): its token needs more rights."),
            409: _("The application refuses the change as a conflict (409)."),
        }.get(status, _("The application refuses (%(status)s).") % {"status": status})
        if 300 <= status < 400:
            words = _("The application sends OCC elsewhere (%(status)s): check its address.") % {"status": status}
        return ConnectorError(words + self._detail(answer), temporary=False)

    def _detail(self, answer: httpx2.Response) -> str:
        """What the application says about it, in one short line without our token."""
        try:
            found = json.loads(answer.content)["detail"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""
        if not isinstance(found, str):
            return ""
        if self.secret:
            found = found.replace(self.secret, "…")
        said = " ".join("".join(c if c.isprintable() else " " for c in found).split())[:200]
        return f" “{said}”" if said else ""


def network_words(error: httpx2.RequestError) -> str:
    if isinstance(error, httpx2.ConnectTimeout | httpx2.ConnectError):
        return _("The application cannot be reached.")
    if isinstance(error, httpx2.TimeoutException):
        return _("The application did not answer in time.")
    return _("The connection to the application broke off.")


def retry_after(header: str | None, *, now: datetime) -> float | None:
    """Seconds to wait: the header as a number or as an HTTP date; None where it says nothing that can be meant."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
        return min(max(0.0, (at - now).total_seconds()), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return None
