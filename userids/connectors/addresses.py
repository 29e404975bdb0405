"""Where a connector may go: https, and never to the machine itself, its neighbours by link, or a cloud's metadata.

An address is judged by the numbers that its name resolves to, and again by the one that is connected to: a name may
point elsewhere a moment later. Private networks are let in, since applications live there.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2
from django.utils.translation import gettext as _

from occ.addresses import Forbidden, allow, literal


def checked(url: str, *, loopback: bool) -> str:
    """The address without a closing slash. Raises Forbidden. `loopback`: this machine is let in, by http too."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Forbidden(_("This is no address.")) from None
    if not host or parts.scheme not in {"http", "https"} or port == 0:
        raise Forbidden(_("This is no address: it begins with https:// and a host."))
    if not host.isascii():  # one that only looks like letters or digits is no host that somebody meant
        raise Forbidden(_("This is no address: it begins with https:// and a host."))
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Forbidden(_("The address holds more than host, port and path. A token goes into its own field."))
    if parts.scheme == "http" and not (loopback and own(host)):
        raise Forbidden(_("The address must begin with https://: the token would be read on the way."))
    if (number := literal(host)) is not None:
        allow(number, loopback=loopback)
    return url.strip().rstrip("/")


def own(host: str) -> bool:
    number = literal(host)
    return host == "localhost" or (number is not None and number.is_loopback)


class Hasty(httpcore2.NetworkStream):
    """A connection on which waiting ends when the request's time does, however slowly an answer drips."""

    def __init__(self, stream: httpcore2.NetworkStream, guard: "Guarded") -> None:
        self.stream, self.guard = stream, guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self.guard.until - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("out of time")
        return self.stream.read(max_bytes, left if timeout is None else min(timeout, left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, timeout)

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return Hasty(self.stream.start_tls(ssl_context, server_hostname, timeout), self.guard)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


class Guarded(httpcore2.SyncBackend):
    """Resolves a name once, judges every number, and connects to a judged one.

    `until`: when, by the monotonic clock, the present request has had its time.
    """

    def __init__(self, *, loopback: bool) -> None:
        self.loopback, self.until = loopback, float("inf")

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: "Iterable[Any] | None" = None,
    ) -> httpcore2.NetworkStream:  # fmt: skip
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        numbers = [str(one[4][0]) for one in found]
        for text in numbers:
            if (number := literal(text)) is not None:
                allow(number, loopback=self.loopback)
        last: Exception = httpcore2.ConnectError("the name resolves to nothing")
        for text in dict.fromkeys(numbers):
            try:
                return Hasty(super().connect_tcp(text, port, timeout, local_address, socket_options), self)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
        raise last


def transport(guard: Guarded) -> httpx2.HTTPTransport:
    """A transport that goes nowhere forbidden, and through no proxy of the environment."""
    made = httpx2.HTTPTransport()
    made._pool._network_backend = guard
    return made
