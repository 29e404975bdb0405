"""Keyed hashes by which a customer or a destroyed record is found again without anybody's number being kept."""

import hashlib
import hmac

from django.conf import settings


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
    """A path or a name with the customer masked where it is part of it: recorders put the caller's number there."""
    return text.replace(customer, masked(customer)) if len(customer) >= 4 else text


def masked(customer: str) -> str:
    """A number or name for those who may not know whose it is: 0812••••89, B••••."""
    text = customer.strip()
    if sum(one.isdigit() for one in text) >= 6:
        return f"{text[:4]}••••{text[-2:]}"
    return f"{text[:1]}••••" if text else ""
