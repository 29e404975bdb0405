"""Who comes in through the identity provider has no password here: a code of the second factor proves it (KER-9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from occ.approvals.proving import identity_prove
from occ.documents.choices import Purpose
from occ.documents.signing import signing_confirm, signing_kept
from occ.errors import Invalid, WrongState
from occ.login.services.second_factor import factor_of
from occ.people.attempts import TooManyAttempts
from occ.people.models import User
from occ.people.passwords import password_confirm
from retention.disposal.forms import ProofForm
from tests.factories import PASSWORD, Floor
from tests.login.conftest import code_at, equip

pytestmark = pytest.mark.req("KER-9")
SECOND = timedelta(seconds=1)


@pytest.fixture
def without(floor: Floor) -> User:
    floor.coordinator.set_unusable_password()
    floor.coordinator.save(update_fields=["password"])
    return floor.coordinator


def post(who: User, url: str, data: dict[str, str]) -> int:
    client = Client()
    client.force_login(who)
    return client.post(url, data).status_code


@pytest.mark.parametrize(("url", "prefix", "right"), [
    ("/second-factor/codes/", "renew", 200), ("/second-factor/off/", "off", 302),
])  # fmt: skip
def test_the_second_factor_is_neither_renewed_nor_off_without_a_code(
    without: User, url: str, prefix: str, right: int
) -> None:
    secret = equip(without)
    assert post(without, url, {}) == 422
    assert post(without, url, {f"{prefix}-code": "000000"}) == 422
    assert post(without, url, {f"{prefix}-password": PASSWORD}) == 422
    assert factor_of(without) is not None
    assert post(without, url, {f"{prefix}-code": code_at(secret, timezone.now())}) == right


def test_who_has_a_password_is_asked_for_it_and_for_no_code(floor: Floor) -> None:
    equip(floor.coordinator)
    assert post(floor.coordinator, "/second-factor/off/", {"off-password": PASSWORD}) == 302
    assert factor_of(floor.coordinator) is None


def test_they_sign_by_a_code_that_is_good_for_once(without: User) -> None:
    secret, now = equip(without), timezone.now()
    sign = {"user": without, "purpose": Purpose.PREPARED}
    for wrong in ("", "123456", PASSWORD):
        with pytest.raises(Invalid) as refused:
            signing_confirm(**sign, password=wrong, now=now)
        assert refused.value.field == "password"
    code = code_at(secret, now)
    assert signing_confirm(**sign, password=code, now=now).user_id == without.pk
    with pytest.raises(Invalid):
        signing_confirm(**sign, password=code, now=now + SECOND)


def test_a_code_is_no_password_of_who_has_one(floor: Floor) -> None:
    secret, now = equip(floor.coordinator), timezone.now()
    with pytest.raises(Invalid):
        signing_confirm(user=floor.coordinator, password=code_at(secret, now), purpose=Purpose.PREPARED, now=now)


def test_a_code_gives_nobody_a_password(without: User) -> None:
    secret, now = equip(without), timezone.now()
    with pytest.raises(Invalid):
        password_confirm(user=without, password=code_at(secret, now), reason="password_change", now=now)


def test_guessing_codes_is_stopped(without: User) -> None:
    secret, now = equip(without), timezone.now()
    for _try in range(50):
        with pytest.raises((Invalid, TooManyAttempts)):
            signing_confirm(user=without, password="000000", purpose=Purpose.PREPARED, now=now)
    with pytest.raises(TooManyAttempts):
        signing_confirm(user=without, password=code_at(secret, now), purpose=Purpose.PREPARED, now=now)


def test_they_approve_by_a_code(without: User) -> None:
    now = timezone.now()
    prove = {"user": without, "password": "", "reason": "x"}
    with pytest.raises(Invalid, match=r"(?i)second factor|faktor kedua"):
        identity_prove(**prove, code="123456", now=now)
    secret = equip(without)
    assert set(ProofForm(user=without).fields) == {"code"}
    for wrong in ("", "123456"):
        with pytest.raises(Invalid):
            identity_prove(**prove, code=wrong, now=now)
    assert identity_prove(**prove, code=code_at(secret, now), now=now).second_factor


def test_without_either_the_refusal_says_what_to_do(without: User) -> None:
    with pytest.raises(Invalid, match=r"(?i)second factor|faktor kedua"):
        signing_confirm(user=without, password="x", purpose=Purpose.PREPARED, now=timezone.now())


@pytest.mark.req("KER-11")
def test_a_signature_waits_an_hour_for_its_document_and_no_longer(floor: Floor) -> None:
    now = timezone.now()
    kept = signing_confirm(user=floor.coordinator, password=PASSWORD, purpose=Purpose.PREPARED, now=now).kept()
    assert signing_kept(kept, now=now + timedelta(hours=1)).at == now
    with pytest.raises(WrongState):
        signing_kept(kept, now=now + timedelta(hours=1, seconds=1))
