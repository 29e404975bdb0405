"""Secrets at rest: second factors, credentials of connectors. A copy of the database alone tells none of them.

Fernet (AES-128-CBC, HMAC-SHA256) with the keys of ENCRYPTION_KEYS: the first encrypts, every one decrypts. To change
keys, put the new one first, start again, run `manage.py rotate_keys`, then drop the old one.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.lookups import Exact

HOW = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


class Unreadable(Exception):
    """A value that none of the keys opens: the key is gone, or the value was meddled with."""


def encrypt(text: str) -> str:
    """ASCII, different each time; about a third longer than the text, and 100 characters."""
    return _keys(*settings.ENCRYPTION_KEYS).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """What `encrypt` was given. Raises Unreadable."""
    try:
        return _keys(*settings.ENCRYPTION_KEYS).decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("encrypted with a key that ENCRYPTION_KEYS does not name, or changed since") from error


def current(text: str) -> bool:
    """Whether it is the first key that opens it: then there is nothing to rotate."""
    try:
        _keys(settings.ENCRYPTION_KEYS[0]).decrypt(text.encode())
    except InvalidToken:
        return False
    return True


@lru_cache(maxsize=8)
def _keys(*keys: str) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def checked(keys: list[str]) -> list[str]:
    """The keys of the environment, for the settings. Raises ImproperlyConfigured in one line that names the matter."""
    if not keys:
        raise ImproperlyConfigured(f"ENCRYPTION_KEYS is not set (secrets are kept encrypted); make a key: {HOW}")
    for i, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ImproperlyConfigured(f"ENCRYPTION_KEYS: key {i} is none; make one: {HOW}") from error
    return keys


class EncryptedTextField(models.TextField):
    """A text that the database holds encrypted. Empty stays empty; it cannot be searched for, only be there or not."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "exact":
            return Empty
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: it cannot be looked up by {lookup_name}")
        return super().get_lookup(lookup_name)


class Shut(str):
    """What stands in a row for a value that no key opens: dots to whoever shows it; written back as it lay there."""

    sealed: str

    def __new__(cls, sealed: str) -> Self:
        made = super().__new__(cls, "••••")
        made.sealed = sealed
        return made


class LenientTextField(EncryptedTextField):
    """Where a lost key must not keep people from the rest of the row: its value is Shut then, and nothing is raised."""

    def get_prep_value(self, value: Any) -> Any:
        return value.sealed if isinstance(value, Shut) else super().get_prep_value(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            return super().from_db_value(value, expression, connection)
        except Unreadable:
            return Shut(value)

    def deconstruct(self) -> Any:
        """The database has the same column."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "occ.encryption.EncryptedTextField", args, kwargs


class Empty(Exact):
    """An encrypted text can be compared with the empty one, which stays empty, and with nothing else."""

    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError("an encrypted field cannot be looked up by a value")
        return self.rhs


# What keeps encrypted text elsewhere than in an EncryptedTextField registers how it is encrypted anew:
# name -> function that does it and returns how many values it changed.
ROTATIONS: dict[str, Callable[[], int]] = {}


def register(name: str, rotate: Callable[[], int]) -> None:
    if name in ROTATIONS:
        raise ValueError(f"rotation {name} is registered twice")
    ROTATIONS[name] = rotate


def rotate_all() -> dict[str, int]:
    """Encrypt with the first key whatever another one encrypted; how many values, by place. Again does no harm."""
    done = {}
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, EncryptedTextField):
                done[f"{model._meta.label_lower}.{field.name}"] = _rotate_field(model, field.name)
    return done | {name: rotate() for name, rotate in ROTATIONS.items()}


def _rotate_field(model: type[models.Model], name: str) -> int:
    """Each value by a conditional update: one that was changed meanwhile was encrypted with the first key anyway."""
    raw = models.ExpressionWrapper(models.F(name), output_field=models.TextField())
    rows = model._base_manager.annotate(raw=raw).exclude(raw="").exclude(raw=None)
    count = 0
    for pk, kept in list(rows.values_list("pk", "raw")):
        if not current(kept):
            count += rows.filter(pk=pk, raw=kept).update(**{name: decrypt(kept)})
    return count
