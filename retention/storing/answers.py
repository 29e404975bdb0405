"""What every place is asked and answers: objects, the errors of this package, and those of the libraries as these."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.utils.translation import gettext as _
from obstore.exceptions import BaseError

from occ.addresses import Forbidden
from retention.marks import numbers_hidden

CHUNK = 4 * 2**20


class PlaceAway(Exception):
    """The source or store cannot be reached now, is full, or refuses us; says why. Nothing is known of its objects."""


class Unreadable(Exception):
    """The object is there and cannot be read; says why."""


@dataclass(frozen=True)
class Object:
    """`fingerprint` changes when the object does, as far as its place can tell without reading it.

    `name` may hold lone surrogates, where a directory's name is no UTF-8. `odd`: why it is no file, in words.
    """

    name: str
    size: int
    fingerprint: str
    changed_at: datetime | None = None
    odd: str = ""


@dataclass(frozen=True)
class Known:
    """What is known of a record's file: None or "" what is not."""

    fingerprint: str
    size: int | None
    sha256: str


@contextlib.contextmanager
def said() -> Iterator[None]:
    """What the libraries raise, as the three errors of this module."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(_("It is not there.")) from error
    except (BotoCoreError, Boto3Error, ClientError, BaseError) as error:
        if isinstance(error, ClientError) and code(error) in {"404", "NoSuchKey", "NoSuchVersion"}:
            raise FileNotFoundError(_("It is not there.")) from error
        if "No space left" in str(error):
            raise PlaceAway(_("There is no room left.")) from error
        if isinstance(error, HTTPClientError) and isinstance(inner := error.kwargs.get("error"), Forbidden):
            raise PlaceAway(str(inner)) from error
        raise PlaceAway(numbers_hidden(str(error).partition("\n")[0][:200])) from error
    except RecursionError as error:  # a server whose answers lead boto3 round in circles
        raise PlaceAway(_("Its answers are none of a bucket.")) from error
    except OSError as error:
        raise PlaceAway(error.strerror or type(error).__name__) from error


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
