"""Where OCC connects to at somebody's word: never to a neighbour by link or a cloud's metadata, nor to this machine
where that is not meant. An address is judged by the numbers that its name resolves to.
"""

import ipaddress
import socket

from django.utils.translation import gettext as _

# Where clouds answer with credentials, as far as these are not link-local (169.254.0.0/16, fe80::/10) already.
METADATA = {ipaddress.ip_address(one) for one in ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254", "192.0.0.192")}


# Networks in which an IPv4 address is written as an IPv6 one (RFC 6052).
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Number = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):
    """OCC does not go there; says why."""


def literal(host: str) -> Number | None:
    """The number, where the host is one in any way of writing that the resolver takes (0x7f.1 too)."""
    try:
        found = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def allow(number: Number, *, loopback: bool) -> None:
    """Raises Forbidden for numbers behind which no application can be meant."""
    if isinstance(number, ipaddress.IPv6Address) and (inner := held_in(number)) is not None:
        allow(inner, loopback=False)  # it leads to the address that it holds
    if number.is_loopback and loopback:
        return
    if (
        number.is_loopback or number.is_link_local or number.is_multicast or number.is_unspecified
        or number.is_reserved or number in METADATA
    ):  # fmt: skip
        raise Forbidden(_("OCC does not connect to this address."))


def held_in(number: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a tunnel or a translator takes what is sent there."""
    if number in NAT64:
        return ipaddress.IPv4Address(int(number) & 0xFFFF_FFFF)
    return number.sixtofour or (number.teredo or (None, None))[1]


def judge(host: str, *, loopback: bool) -> None:
    """Every number that the name has now. Raises Forbidden; a name that resolves to nothing is let be: who connects
    to it hears so."""
    if (number := literal(host)) is not None:
        allow(number, loopback=loopback)
        return
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    for one in found:
        if (number := literal(str(one[4][0]))) is not None:
            allow(number, loopback=loopback)
