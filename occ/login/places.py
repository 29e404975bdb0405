"""Where a request comes from: its address, and whether this browser is known to a user (occ.people.attempts)."""

import ipaddress
import re
import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from occ.people.attempts import network
from occ.people.models import User

COOKIE = "occ_device"
SALT = "occ.login.device"
AGE = 400 * 86_400  # seconds; browsers keep no cookie longer
# With brackets, a port, or both; a bare IPv6 address holds colons itself.
WRITTEN = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<v4>[0-9.]+))(?::[0-9]{1,5})?", re.ASCII)
MOST = 20  # users to one browser


def address_of(request: HttpRequest) -> str:
    """The client's address; behind a proxy that TRUST_PROXY names, the one which that proxy saw. Empty for nonsense."""
    given = request.META.get("REMOTE_ADDR") or ""
    if settings.TRUST_PROXY and (forwarded := request.headers.get("X-Forwarded-For", "")):
        given = forwarded.rpartition(",")[2].strip()
    return plain_address(given)


def plain_address(given: str) -> str:
    """An address as a server or proxy writes it (`1.2.3.4:5678`, `[::1]:443`, `::ffff:1.2.3.4`), without its port.

    Empty where it is none: whoever can write into the header does not write into counters and histories.
    """
    found = WRITTEN.fullmatch(given)
    try:
        address = ipaddress.ip_address(found["v6"] or found["v4"] if found else given)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    # Without the zone (`%eth0`), which may be any text.
    return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address)))


def _device(request: HttpRequest) -> dict[str, Any]:
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=AGE)
    except signing.BadSignature:
        return {"id": secrets.token_hex(12), "users": []}
    return dict(found)


def place_of(request: HttpRequest, user: User | None) -> str:
    """For counting attempts: the browser, if that user has logged in with it before; else the network."""
    device = _device(request)
    if user is not None and user.pk in device["users"]:
        return f"device:{device['id']}"
    return f"address:{network(address_of(request))}"


def device_remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """From now on this browser is a place of the user's own. Says nothing about who is logged in."""
    device = _device(request)
    users = [user.pk, *(pk for pk in device["users"] if pk != user.pk)][:MOST]
    value = signing.dumps({"id": device["id"], "users": users}, salt=SALT)
    response.set_cookie(COOKIE, value, max_age=AGE, secure=settings.SECURE, httponly=True, samesite="Lax")
