"""Pages of applications: who sees and sets what, the token that nobody reads again, the connection that is tried."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from occ.ledger.models import Entry
from occ.people.choices import Role
from tests import factories
from tests.connectors.servers import TOKEN, Faulty, faulty_server
from tests.factories import Floor
from userids.connectors.base import ConnectorError
from userids.connectors.scim import ScimConnector
from userids.models import Application, ApplicationSecret, ConnectorOrder
from userids.services import orders as ordering
from userids.services.applications import connected, token_of, variable

pytestmark = pytest.mark.req("UID-10")


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


@pytest.fixture
def it(floor: Floor) -> Client:
    return acting(factories.user(Role.IT))


def values(url: str, **more: Any) -> dict[str, Any]:
    return {"name": "Omni Channel", "connector": "scim", "base_url": url, "timeout_seconds": 5,
            "requests_per_second": 50, "note": "uji"} | more  # fmt: skip


def page(client: Client, name: str, *args: Any) -> str:
    return client.get(reverse(f"userids:{name}", args=args)).content.decode()


def test_the_token_is_written_and_never_shown(floor: Floor, it: Client, faulty: Faulty) -> None:
    application = factories.application()
    edit = reverse("userids:application_edit", args=[application.pk])
    assert it.post(edit, values(faulty.url, token=TOKEN)).status_code == 302
    assert token_of(application) == TOKEN
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM userids_applicationsecret")
        ((kept,),) = cursor.fetchall()
    assert TOKEN not in kept and kept
    application.refresh_from_db()
    shown = page(it, "application", application.pk) + page(it, "application_edit", application.pk)
    assert TOKEN not in shown and kept not in shown and "kept encrypted" in shown
    everything = str(list(Entry.objects.values_list("data", flat=True))) + str(list(application.history.values()))
    assert TOKEN not in everything and kept not in everything
    assert "token entered anew" in shown
    refused = it.post(edit, values("nonsense", token=TOKEN))  # nor in a form that comes back
    assert refused.status_code == 422 and TOKEN not in refused.content.decode()


def test_the_token_stays_with_the_host_it_was_entered_for(floor: Floor, it: Client, faulty: Faulty) -> None:
    application = factories.application()
    edit = reverse("userids:application_edit", args=[application.pk])
    it.post(edit, values(faulty.url, token=TOKEN))
    assert it.post(edit, values(f"{faulty.url}/other", name="New name")).status_code == 302
    assert token_of(application) == TOKEN
    assert it.post(edit, values("http://127.0.0.1:1/scim")).status_code == 302  # somebody else's host
    assert token_of(application) == "" and not ApplicationSecret.objects.exists()
    it.post(edit, values(faulty.url, token=TOKEN))
    assert it.post(edit, values(faulty.url, forget_token="on")).status_code == 302
    assert token_of(application) == ""


def test_the_environment_goes_before_the_database(
    floor: Floor, it: Client, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = factories.application()
    assert variable(Application(code="web-pansol 2")) == "SCIM_TOKEN_WEB_PANSOL_2"
    it.post(reverse("userids:application_edit", args=[application.pk]), values(faulty.url, token="other"))
    monkeypatch.setenv("SCIM_TOKEN_OMNI", TOKEN)
    assert token_of(application) == TOKEN
    shown = page(it, "application", application.pk)
    assert "SCIM_TOKEN_OMNI" in shown and TOKEN not in shown


def test_a_token_that_no_key_opens_is_said(floor: Floor, it: Client, faulty: Faulty, settings: Any) -> None:
    application = factories.application()
    it.post(reverse("userids:application_edit", args=[application.pk]), values(faulty.url, token=TOKEN))
    settings.ENCRYPTION_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
    with pytest.raises(ConnectorError):
        token_of(application)
    answer = it.post(reverse("userids:application_test", args=[application.pk]), follow=True)
    assert "cannot be read" in answer.content.decode()
    assert it.get(reverse("userids:application", args=[application.pk])).status_code == 200


@pytest.mark.parametrize(("wrong", "field"), [
    ({"base_url": "http://omni.example/scim"}, "base_url"), ({"base_url": "https://169.254.169.254/"}, "base_url"),
    ({"base_url": ""}, "base_url"), ({"timeout_seconds": 0}, "timeout_seconds"), ({"timeout_seconds": 61}, "timeout"),
    ({"requests_per_second": 101}, "requests"), ({"note": ""}, "note"), ({"connector": "x"}, "connector"),
    ({"token": "two words"}, "token"), ({"token": "tökén"}, "token"), ({"base_url": "https://x\u0000/"}, "base_url"),
    ({"token": "a\r\nX-Evil: 1"}, "token"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    floor: Floor, it: Client, faulty: Faulty, wrong: dict[str, Any], field: str
) -> None:
    application = factories.application()
    edit = reverse("userids:application_edit", args=[application.pk])
    answer = it.post(edit, values(faulty.url) | wrong)
    assert answer.status_code == 422 and f"id_{field}" in answer.content.decode()
    application.refresh_from_db()
    assert application.connector == "manual"


def test_all_that_is_wrong_is_told_at_once(floor: Floor, it: Client) -> None:
    edit = reverse("userids:application_edit", args=[factories.application().pk])
    wrong = values("http://omni.example/scim", token="two words", name="", timeout_seconds=0, note="")
    answer = it.post(edit, wrong)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"base_url", "token", "name", "timeout_seconds", "note"}
    assert all(len(said) == 1 for said in answer.context["form"].errors.values())
    nonsense = it.post(edit, values("https://x\u0000/", token="two words", connector="x"))
    assert {"base_url", "token", "connector"} == set(nonsense.context["form"].errors)


def test_outside_of_demo_and_tests_this_machine_is_no_address(
    floor: Floor, it: Client, faulty: Faulty, settings: Any
) -> None:
    settings.DEMO = False
    edit = reverse("userids:application_edit", args=[factories.application().pk])
    for url in (faulty.url, "https://localhost/scim", "https://127.0.0.1/scim"):
        answer = it.post(edit, values(url))
        if answer.status_code == 302:  # a name: judged when it is connected to
            answer = it.post(reverse("userids:application_test", args=[factories.application().pk]), follow=True)
            assert "does not connect to this address" in answer.content.decode()


def test_who_reads_and_who_edits(floor: Floor, faulty: Faulty) -> None:
    application = factories.application()
    for role in (Role.IT, Role.ADMINISTRATOR):
        one = acting(factories.user(role))
        assert "Test the connection" not in page(one, "application", application.pk)  # there is none to test
        edit = reverse("userids:application_edit", args=[application.pk])
        assert one.post(edit, values(faulty.url)).status_code == 302
        assert "Test the connection" in page(one, "application", application.pk)
        application.connector, application.base_url = "manual", ""
        application.save()
    for role in (Role.DOCUMENT_CONTROL, Role.AUDITOR, Role.COORDINATOR):
        reader = acting(factories.user(role))
        assert "Omni Channel" in page(reader, "application", application.pk)
        for name in ("application_edit", "application_test", "application_enforcement"):
            assert reader.post(reverse(f"userids:{name}", args=[application.pk]), {}).status_code == 403
    assert acting(floor.support).get(application.get_absolute_url()).status_code == 404


def test_the_connection_is_really_tried(floor: Floor, it: Client, faulty: Faulty) -> None:
    application = factories.application()
    test = reverse("userids:application_test", args=[application.pk])
    assert "no connector" in it.post(test, follow=True).content.decode()
    edit = reverse("userids:application_edit", args=[application.pk])
    it.post(edit, values(faulty.url, token="wrong"))
    assert "(401)" in it.post(test, follow=True).content.decode()
    for i in range(3):
        faulty.add(f"A{i}")
    it.post(edit, values(faulty.url, token=TOKEN))
    assert "names 3 users" in it.post(test, follow=True).content.decode()
    it.post(edit, values("http://127.0.0.1:1/scim", token=TOKEN))
    assert "cannot be reached" in it.post(test, follow=True).content.decode()
    tried = list(Entry.objects.filter(action="application.tested").order_by("pk").values_list("data", flat=True))
    assert [list(one) for one in tried] == [["error"], ["error"], ["users"], ["error"]]


@pytest.mark.req("UID-6")
def test_the_policy_is_set_on_the_page(floor: Floor, it: Client, faulty: Faulty) -> None:
    application = factories.application()
    policy = reverse("userids:application_enforcement", args=[application.pk])
    refused = it.post(policy, {"mode": "enforce", "reason": "uji"})
    assert refused.status_code == 422  # there is no connector
    edit = reverse("userids:application_edit", args=[application.pk])
    it.post(edit, values(faulty.url, token=TOKEN))
    assert it.post(policy, {"mode": "enforce", "reason": ""}).status_code == 422
    assert it.post(policy, {"mode": "enforce", "reason": "24 jam", "valid_from": "2020-01-01T00:00"}).status_code == 422
    assert it.post(policy, {"mode": "enforce", "reason": "24 jam"}).status_code == 302
    shown = page(it, "application", application.pk)
    assert "24 jam" in shown and "The connector deactivates" in shown
    by_hand = it.post(edit, values("", connector="manual"))
    assert by_hand.status_code == 422 and "Change that policy first" in by_hand.content.decode()
    local = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert it.post(policy, {"mode": "remind", "reason": "uji", "valid_from": local}).status_code == 302
    assert "The connector deactivates" in page(it, "applications")  # until tomorrow


@pytest.mark.req("KER-12")
def test_the_list_filters_sorts_and_goes_out(floor: Floor, it: Client) -> None:
    factories.application()
    for i in range(60):
        Application.objects.create(code=f"APP{i:02}", name=f"Application {59 - i:02}")
    url = reverse("userids:applications")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        first = it.get(url, {"sort": "name"}).content.decode()
    assert len(queries) <= 12
    assert "APP59" in first and "APP01" not in first and "Export to Excel" in first
    assert "APP07" in it.get(url, {"q": "app07"}).content.decode()
    assert "Nothing matches" in it.get(url, {"connector": "scim"}).content.decode()
    assert it.post(reverse("exports:new"), {"kind": "userids.applications"}).status_code == 302
    assert acting(floor.support).post(reverse("exports:new"), {"kind": "userids.applications"}).status_code == 403


# The request's page -------------------------------------------------------------------------------------------------


@pytest.mark.req("UID-16")
def test_the_leader_has_the_connector_do_it_and_watches(
    live_floor: Floor, omni: Application, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    from userids.services.connecting import order_run

    monkeypatch.setattr(ordering, "enqueue", lambda pk: None)
    live_floor.resign(timezone.localdate() - timedelta(days=1), now=timezone.now() - timedelta(days=3))
    request = live_floor.request
    leader, support = acting(live_floor.leader), acting(live_floor.support)
    url, ask = request.get_absolute_url(), reverse("userids:deactivation_connector", args=[request.pk])
    assert "Deactivate by connector" in leader.get(url).content.decode()
    assert "Deactivate by connector" not in support.get(url).content.decode()
    assert support.post(ask).status_code == 403
    assert leader.get(ask).status_code == 405
    assert leader.post(ask).headers["Location"] == f"{url}#connector"
    at_work = leader.get(url).content.decode()
    assert "at work" in at_work and 'hx-trigger="every 2s"' in at_work and "What you do next" not in at_work
    assert "data-follow" not in at_work
    # With no worker to be heard of, people are offered their own steps again.
    ConnectorOrder.objects.update(next_at=timezone.now() - timedelta(minutes=2))
    alone = leader.get(url).content.decode()
    assert "heard of the connector" in alone and "What you do next" in alone and "every 2s" not in alone
    order_run(order_id=ConnectorOrder.objects.get().pk, now=timezone.now())
    polled = leader.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "data-follow" in polled  # the page is fetched anew, with its steps
    done = leader.get(url).content.decode()
    assert "read it back" in done and "every 2s" not in done and "data-follow" not in done
    assert leader.post(ask).status_code == 409


def test_without_a_connector_there_is_no_button(floor: Floor) -> None:
    floor.resign()
    request = floor.request
    leader = acting(floor.leader)
    assert 'id="connector"' not in leader.get(request.get_absolute_url()).content.decode()
    assert leader.post(reverse("userids:deactivation_connector", args=[request.pk])).status_code == 409


# TLS ----------------------------------------------------------------------------------------------------------------


def certificate(folder: Path) -> tuple[Path, Path]:
    """For localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    return folder / "cert.pem", folder / "key.pem"


def test_who_cannot_prove_to_be_the_application_gets_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = certificate(tmp_path)
    with faulty_server() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.add("A")
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(ConnectorError, match=r"tidak|reached"):
            ScimConnector(url, TOKEN, rate=1000, loopback=True, sleep=lambda seconds: None).get("A")
        assert server.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))  # the operation's own authority
        found = ScimConnector(url, TOKEN, rate=1000, loopback=True).get("A")
        assert found is not None and found.active


def test_what_a_service_gets_is_what_the_application_is_set_to(floor: Floor, faulty: Faulty) -> None:
    application = factories.application()
    with connected(application) as manual, pytest.raises(ConnectorError):
        manual.get("A")
