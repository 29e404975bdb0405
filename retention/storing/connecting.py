"""Where OCC connects to for a bucket: to its endpoint, judged by number each time, and nowhere that it sends to."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.config import Config
from django.utils.translation import gettext as _

from occ.addresses import Forbidden, allow, judge, literal
from retention.storing.answers import PlaceAway

# A bucket that does not answer within this is away.
CONNECT_TIME, READ_TIME = timedelta(seconds=10), timedelta(seconds=60)
# How many requests to a bucket at once while much is deleted or looked for there.
AT_ONCE = 16


def endpoint_judge(endpoint: str) -> None:
    """Raises Forbidden where it leads to where no store is. A store on this machine is one; "" is AWS."""
    if endpoint:
        judge(urlsplit(endpoint).hostname or "", loopback=True)


def connected(endpoint: str, *, region: str, keys: dict[str, str]) -> Any:
    """A client of boto3 for the endpoint. Raises PlaceAway: where its name leads now may be elsewhere than before."""
    try:
        endpoint_judge(endpoint)
    except Forbidden as refusal:
        raise PlaceAway(str(refusal)) from refusal
    # Checksums beyond those that we ask for are not known to every server.
    # Without keys kept here, those of the machine are AWS's only, and are shown to no other endpoint.
    unsigned: dict[str, Any] = {"signature_version": UNSIGNED} if endpoint and not keys else {}
    config = Config(
        **unsigned,
        connect_timeout=CONNECT_TIME.seconds, read_timeout=READ_TIME.seconds, max_pool_connections=AT_ONCE,
        retries={"max_attempts": 3, "mode": "standard"}, s3={"addressing_style": "path"},
        request_checksum_calculation="when_required", response_checksum_validation="when_required",
    )  # fmt: skip
    made: Any = boto3.client("s3", region_name=region, endpoint_url=endpoint or None, config=config, **keys)  # type: ignore[call-overload]
    made.meta.events.register_first("needs-retry.s3", _stay)
    made._endpoint.http_session._manager.pool_classes_by_scheme = JUDGED
    return made


def _stay(response: Any = None, **_rest: Any) -> None:
    """Before boto3 looks for where a bucket is said to have gone. Raises PlaceAway."""
    if response is not None and 300 <= response[0].status_code < 400:
        words = _("It sends elsewhere (%(status)s); OCC follows nobody: enter the bucket's own endpoint and region.")
        raise PlaceAway(words % {"status": response[0].status_code})


class _Judged:
    """A connection that is judged by the number at its other end, before anything is sent."""

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        try:
            if (number := literal(str(made.getpeername()[0]))) is not None:
                allow(number, loopback=True)
        except Exception:
            made.close()
            raise
        return made


class _Connection(_Judged, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _SafeConnection(_Judged, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _Staying:
    def urlopen(self, *args: Any, **options: Any) -> Any:
        return super().urlopen(*args, **options | {"redirect": False})  # type: ignore[misc]


class _Pool(_Staying, AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(_Staying, AWSHTTPSConnectionPool):
    ConnectionCls = _SafeConnection


JUDGED = {"http": _Pool, "https": _SafePool}
