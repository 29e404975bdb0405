"""Keyed hashes by which a customer or a destroyed record is found again without anybody's number being kept."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from occ.encryption import Shut
from retention.choices import RecordState

if TYPE_CHECKING:
    from retention.models import Record

# So much of a mark tells one masked name from another.
SHORT = 12
NO_DIGIT = re.compile(r"[^0-9]+")
# Nine digits or more, or a telephone number with marks between its groups. Years, days and times are none.
NUMBER = re.compile(r"\d{9,}|\+?(?:62|0)[ .\-_]?8\d{1,3}(?:[ .\-_]\d{3,5}){2,3}")
TIME = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])(?:[0-5]\d){1,2}(?:\d{3})?")


def customer_mark(customer: str) -> str:
    """The same for one customer however the number is written; "" for none. Of no use without SECRET_KEY."""
    text = "".join(customer.split()).replace("-", "").casefold()
    if not text:
        return ""
    if text.lstrip("+").isdigit():  # 0812…, 62812… and +62812… are one number
        text = text.lstrip("+")
        text = "0" + text[2:] if text.startswith("62") else text
    key = hashlib.sha256(b"retention.customer" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def id_mark(source: str, external_id: str) -> str:
    """What a tombstone keeps of a record's identity; `source` is its code. No secret: ids are no customer data."""
    return hashlib.sha256(f"{source}\n{external_id}".encode()).hexdigest()


def path_mark(source: str, path: str) -> str:
    return hashlib.sha256(f"{source}\n{path}".encode()).hexdigest()


def document_mark(code: str) -> str:
    """What a tombstone keeps of an issued document's identity, which its verification code is."""
    return hashlib.sha256(f"document\n{code}".encode()).hexdigest()


def entry_mark(site: str, number: str) -> str:
    """The same of a document entered by hand: the site's code and the number, which is one document there."""
    return hashlib.sha256(f"entry\n{site}\n{number}".encode()).hexdigest()


def without(text: str, customer: str) -> str:
    """A path or a name with the customer masked where it is part of it: recorders put the caller's number there.

    Also where the number is written in another way (0812…, 62812…, 0812-34…) or the name in other letters. Of a
    customer whom no key opens: every number that may be it.
    """
    if isinstance(customer, Shut):
        return numbers_hidden(text)
    customer = customer.strip()
    digits = NO_DIGIT.sub("", customer)
    core = digits.removeprefix("62").lstrip("0") if _is_number(customer, digits) else ""
    if len(core) >= 6:
        if core not in NO_DIGIT.sub("", text):  # nearly always, and quick
            return text
        return re.sub(r"(?:\+?62[ .\-_]?|0)?" + r"[ .\-_()]{0,2}".join(core), lambda one: masked(one.group()), text)
    if len(customer) < 4 or customer.casefold() not in text.casefold():
        return text
    return re.sub(re.escape(customer), lambda one: masked(one.group()), text, flags=re.IGNORECASE)


def names_customer(external_id: str, customer: str) -> bool:
    """Whether the ID says who the customer is, so that it is masked, and found by the whole of it only."""
    return without(external_id, customer) != external_id


def _is_number(customer: str, digits: str) -> bool:
    return len(digits) >= 6 and not any(one.isalpha() for one in customer)


def numbers_hidden(text: str) -> str:
    """Of which nobody knows whose it is: every number that may be a customer's masked, times in one go left."""
    return NUMBER.sub(lambda one: one.group() if TIME.fullmatch(one.group()) else masked(one.group()), text)


def id_of(record: Record) -> str:
    """A record's ID at the source as pages, files and API name it: masked as its customer is, where it holds them."""
    return without(record.external_id, record.customer)


def path_of(record: Record) -> str:
    """A record's file as its page names it: the customer masked; "" once it is destroyed, as only a mark is left."""
    return "" if record.state == RecordState.DESTROYED else without(record.path, record.customer)


def path_shown(source: str, path: str, customer: str = "") -> str:
    """A path as findings and reports keep it for good: customers masked, and a mark that tells it from its like."""
    shown = numbers_hidden(without(path, customer))
    return path if shown == path else f"{shown[:580]} #{path_mark(source, path)[:SHORT]}"


def id_kept(source: str, external_id: str, customer: str) -> str:
    """What a destroyed record keeps of its ID: the ID itself, unless the customer is part of it, or may be."""
    shown = without(external_id, customer)
    return external_id if shown == external_id else f"{shown[:100]} #{id_mark(source, external_id)[:SHORT]}"


def masked(customer: str) -> str:
    """A number or name for those who may not know whose it is: 0812••••89, B••••."""
    if isinstance(customer, Shut):
        return _("cannot be read: key missing")
    text = customer.strip()
    if sum(one.isdigit() for one in text) >= 9:  # of a shorter one, six of its digits would be nearly all
        return f"{text[:4]}••••{text[-2:]}"
    return f"{text[:1]}••••" if text else ""
