"""What the database holds of a secret, and how keys change (KER-9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import connection, models

from occ.encryption import EncryptedTextField, Unreadable, _rotate_field, decrypt, encrypt
from occ.runtime.environment import key

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.django_db]


@pytest.fixture(scope="session")
def kept_model() -> type[models.Model]:
    class Kept(models.Model):
        secret = EncryptedTextField(blank=True)

        class Meta:
            app_label = "ledger"
            db_table = "test_kept"

        def __str__(self) -> str:
            return "kept"

    # It is the test's own: no other test finds it among the project's.
    Kept._meta.apps.all_models["ledger"].pop("kept")
    Kept._meta.apps.clear_cache()
    return Kept


@pytest.fixture
def kept(kept_model: type[models.Model], transactional_db: None) -> Iterator[Any]:
    with connection.schema_editor() as editor:
        editor.create_model(kept_model)
    yield kept_model
    with connection.schema_editor() as editor:
        editor.delete_model(kept_model)


def raw(model: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT secret FROM {model._meta.db_table} ORDER BY id")
        return [one for (one,) in cursor.fetchall()]


def test_the_database_holds_no_word_of_it(kept: Any) -> None:
    kept.objects.create(secret="kata sandi é")
    (held,) = raw(kept)
    assert "kata" not in held
    assert decrypt(held) == kept.objects.get().secret == "kata sandi é"
    assert encrypt("x") != encrypt("x")


def test_empty_stays_empty_and_nobody_looks_for_a_secret(kept: Any) -> None:
    kept.objects.create(secret="")
    assert raw(kept) == [""]
    with pytest.raises(FieldError):
        kept.objects.filter(secret="x").exists()


def test_keys_change_without_a_value_lost(kept: Any, settings: Any) -> None:
    old = settings.ENCRYPTION_KEYS
    for text in ("satu", "", "dua"):
        kept.objects.create(secret=text)
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *old]
    kept.objects.create(secret="tiga")
    assert [_rotate_field(kept, "secret") for _time in range(2)] == [2, 0]
    settings.ENCRYPTION_KEYS = [new]
    assert list(kept.objects.order_by("pk").values_list("secret", flat=True)) == ["satu", "", "dua", "tiga"]
    settings.ENCRYPTION_KEYS = old
    with pytest.raises(Unreadable):
        kept.objects.first()


def test_the_demos_key_is_one() -> None:
    Fernet(key())
