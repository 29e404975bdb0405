"""What is written for production holds: the files agree with the code and with each other (KER-3, KER-15)."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import click
import psycopg2
import pytest
import uvicorn
import yaml
from celery.bin.celery import celery as celery_commands
from django.conf import settings
from django.core.management import get_commands
from django.test import Client
from django.utils import timezone

from occ import celery
from occ.home.backup.programs import candidates
from tests import database
from tests.factories import Floor
from tests.realtime.floors import known, source

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
METRIC = re.compile(r"\bocc_[a-z_]+\b")
pytestmark = pytest.mark.req("KER-3")

PASSWORDS = {"POSTGRES_PASSWORD", "OWNER_PASSWORD", "OCC_PASSWORD", "REPORTING_PASSWORD"}


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())  # type: ignore[no-any-return]


def words(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else [str(word) for word in command]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command of celery and uvicorn in compose, systemd, image and documentation."""
    for name, service in compose()["services"].items():
        if "command" in service:
            yield f"compose {name}", words(service["command"])
    for unit in (DEPLOY / "systemd").glob("*.service"):
        for line in unit.read_text().splitlines():
            if line.startswith("ExecStart="):
                found = words(line.removeprefix("ExecStart=").replace("%i", "default"))
                yield unit.name, [found[0].rsplit("/", 1)[-1], *found[1:]]
    image = re.search(r"^CMD (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert image
    yield "Dockerfile", json.loads(image[1])


def test_every_queue_has_a_worker_and_every_worker_a_queue() -> None:
    queues = {queue.name for queue in celery.app.conf.task_queues}
    assert {route["queue"] for route in celery.app.conf.task_routes.values()} <= queues
    served = {one[one.index("-Q") + 1] for where, one in commands() if "worker" in one and where.startswith("compose")}
    assert served == queues
    for where, one in commands():
        if "worker" in one:
            assert one[one.index("-Q") + 1] in queues, where


def test_every_command_is_one_that_there_is() -> None:
    seen = set()
    for _where, one in commands():
        if one[0] == "celery":
            assert one[1:3] == ["-A", "occ"]
            part: Any = celery_commands.commands[one[3]]
            part.make_parser(click.Context(part)).parse_args(one[4:])
            seen.add(one[3])
        elif one[0] == "uvicorn":
            uvicorn.main.make_context("uvicorn", one[1:])
            assert one[1] == "occ.asgi:application"
            # Whose address counts is OCC's to decide (TRUST_PROXY), not the server's.
            assert "--no-proxy-headers" in one
            seen.add("web")
        elif one[:2] == ["python", "manage.py"]:
            assert one[2] in get_commands()
            seen.add(one[2])
    assert seen >= {"worker", "beat", "web", "floor", "migrate"}


def test_compose_s_processes_work_with_tables_that_they_do_not_own() -> None:
    for name, service in compose()["services"].items():
        if service.get("env_file"):
            given = service["environment"]
            assert given["DATABASE_URL"].startswith("postgres://occ:"), name
            for kept_out in PASSWORDS - {"OCC_PASSWORD"}:
                assert given[kept_out] == "", name  # .env would give them
            assert ("MIGRATION_DATABASE_URL" in given) == (name == "migrate")
    assert "/docker-entrypoint-initdb.d/roles.sh" in str(compose()["services"]["postgres"]["volumes"])


def test_compose_gives_what_the_settings_need() -> None:
    example = dict(
        line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if line and line[0] != "#"
    )
    given = compose()["services"]["web"]["environment"] | example
    assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "BASE_URL", "ALLOWED_HOSTS", "METRICS_TOKEN"} <= given.keys()
    named = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text()))
    secret = {one["environment"] for one in compose()["secrets"].values()}
    assert named | secret <= example.keys()
    table = (ROOT / "README.md").read_text()
    documented = {name for name in example if f"`{name}`" in table}
    assert example.keys() - documented <= {
        *PASSWORDS,
        "GRAFANA_PASSWORD",
        "BACKUPS",
        "S3_ACCESS_KEY",
        "S3_SECRET_KEY",
        "S3_DATA",
    }


@pytest.mark.req("KER-15")
def test_dashboard_and_alerts_ask_for_metrics_that_there_are(floor: Floor, settings: Any) -> None:
    settings.METRICS_TOKEN = "t" * 20
    floor.resign()
    said = Client(headers={"Authorization": f"Bearer {'t' * 20}"}).get("/metrics").content.decode()
    known = set(re.findall(r"^# TYPE (\S+)", said, re.MULTILINE))
    known |= {f"{name}_{end}" for name in known for end in ("bucket", "count", "sum")}
    dashboards = [json.loads(one.read_text()) for one in (DEPLOY / "grafana/dashboards").glob("*.json")]
    targets = [target for one in dashboards for panel in one["panels"] for target in panel["targets"]]
    asked = [target["expr"] for target in targets if "expr" in target]
    rules = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(asked) > 12
    assert {name for one in asked for name in METRIC.findall(one)} <= known
    (scraped,) = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    secret = compose()["secrets"]["metrics_token"]
    assert scraped["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    assert secret == {"environment": "METRICS_TOKEN"}


def promtool(*words: str, given: bytes = b"") -> str:
    """What it says; it fails where it finds anything."""
    program = os.environ.get("PROMTOOL") or shutil.which("promtool")
    assert program, "promtool is missing: apt-get install prometheus"
    done = subprocess.run([program, *words], input=given, capture_output=True)
    told = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, told
    return told


@pytest.mark.req("RTM-16", "KER-15")
def test_promtool_finds_nothing_in_the_metrics_nor_in_prometheus_s_files(
    floor: Floor, settings: Any, tmp_path: Path
) -> None:
    settings.METRICS_TOKEN = "t" * 20
    floor.resign()
    omni = source(at=timezone.now())
    known(floor.agent, "available", timezone.now(), of=omni)
    said = Client(headers={"Authorization": f"Bearer {'t' * 20}"}).get("/metrics").content
    assert promtool("check", "metrics", given=said) == ""
    with pytest.raises(AssertionError, match="counter"):
        promtool("check", "metrics", given=b"# HELP occ_x x\n# TYPE occ_x counter\nocc_x 1\n")
    token = tmp_path / "token"
    token.write_text("t" * 20)
    shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    config = tmp_path / "prometheus/prometheus.yml"
    config.write_text(config.read_text().replace("/run/secrets/metrics_token", str(token)))
    assert "12 rules found" in promtool("check", "config", str(config))
    assert "SUCCESS" in promtool("check", "rules", str(tmp_path / "prometheus/rules.yml"))


RULE_TEST = """
rule_files: [rules.yml]
tests:
  - interval: 1m
    input_series:
      - {series: 'occ_beat_age_seconds{duty="hourly"}', values: "3000x30"}
      - {series: 'occ_beat_limit_seconds{duty="hourly"}', values: "10800x30"}
      - {series: 'occ_beat_age_seconds{duty="sweep"}', values: "200x30"}
      - {series: 'occ_beat_limit_seconds{duty="sweep"}', values: "180x30"}
      - {series: 'occ_beat_age_seconds{duty="floor_process"}', values: "5x30"}
    alert_rule_test:
      - alertname: OccBeatSilent
        eval_time: 10m
        exp_alerts:
          - exp_labels: {severity: critical, duty: sweep}
            exp_annotations:
              summary: "The duty sweep has been silent for longer than it may be: deadlines are not kept"
"""


@pytest.mark.req("KER-15")
@pytest.mark.django_db
def test_a_duty_of_beat_is_an_alert_once_it_is_silent_for_longer_than_its_own_limit(
    settings: Any, tmp_path: Path
) -> None:
    """What runs each hour is no alert after ten minutes; what runs each 20 seconds is one after three."""
    shutil.copy(DEPLOY / "prometheus/rules.yml", tmp_path)
    (tmp_path / "test.yml").write_text(RULE_TEST)
    assert "SUCCESS" in promtool("test", "rules", str(tmp_path / "test.yml"))
    settings.METRICS_TOKEN = "t" * 20
    said = Client(headers={"Authorization": f"Bearer {'t' * 20}"}).get("/metrics").content.decode()
    limits = dict(re.findall(r'^occ_beat_limit_seconds{duty="(.+)"} (\S+)$', said, re.MULTILINE))
    assert (limits["sweep"], limits["candidates"]) == ("180.0", "10800.0") and "retention_batches" in limits


@pytest.mark.req("RTM-16")
def test_compose_s_images_are_pinned_and_grafana_has_the_password_of_who_only_reads() -> None:
    services = compose()["services"]
    images = {name: one["image"] for name, one in services.items() if "build" not in one}
    assert all(":" in one and not one.endswith(":latest") for one in images.values()), images
    assert {"grafana", "prometheus"} <= images.keys()
    found = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/reporting.yml").read_text())
    (reporting,) = found["datasources"]
    assert (reporting["uid"], reporting["user"]) == ("occ-reporting", "occ_reporting")
    secret = re.fullmatch(r"\$__file\{/run/secrets/(\w+)\}", reporting["secureJsonData"]["password"])
    assert secret and secret[1] in services["grafana"]["secrets"]
    assert compose()["secrets"][secret[1]] == {"environment": "REPORTING_PASSWORD"}
    assert "REPORTING_PASSWORD" in services["postgres"]["environment"]


# The database in two roles ------------------------------------------------------------------------------------------


def url_of(role: str, password: str, database: str) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    host = f"{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{host}", path=f"/{database}"))


@pytest.fixture
def two_roles(db: None) -> Iterator[dict[str, str]]:
    """deploy/postgres/roles.sql as an administrator runs it, under names of this test."""
    suffix = secrets.token_hex(3)
    names = {name: f"{name}_{suffix}" for name in ("occ_owner", "occ_reporting", "occ")}
    given = {name: secrets.token_hex(8) for name in ("owner_password", "occ_password", "reporting_password")}
    script = (DEPLOY / "postgres/roles.sql").read_text()
    script = re.sub(r":'(\w+)'", lambda one: f"'{given[one[1]]}'", script)
    script = re.sub(r"\bocc(_owner|_reporting)?\b", lambda one: names[one[0]], script)
    here = settings.DATABASES["default"]
    admin = url_of(here["USER"], here["PASSWORD"], "postgres")
    psql = next(path for path in candidates("psql"))
    done = subprocess.run(
        [str(psql), "-w", "-v", "ON_ERROR_STOP=1", "-q", admin], input=script, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    yield {
        "MIGRATION_DATABASE_URL": url_of(names["occ_owner"], given["owner_password"], names["occ"]),
        "DATABASE_URL": url_of(names["occ"], given["occ_password"], names["occ"]),
        "REPORTING_URL": url_of(names["occ_reporting"], given["reporting_password"], names["occ"]),
    }
    opened = psycopg2.connect(admin)
    opened.autocommit = True
    with opened.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{names["occ"]}" WITH (FORCE)')
        for name in names.values():
            cursor.execute(f'DROP ROLE "{name}"')
    opened.close()


@pytest.mark.req("KER-10", "RET-8", "RTM-16")
@pytest.mark.timeout(180)
def test_who_works_with_the_tables_cannot_switch_their_triggers_off(two_roles: dict[str, str], tmp_path: Path) -> None:
    given = os.environ | two_roles | {"OCC_VAR": str(tmp_path)}
    manage = [sys.executable, "manage.py"]
    database.dump(database.template(), tmp_path / "schema")
    database.restore(tmp_path / "schema", two_roles["MIGRATION_DATABASE_URL"])
    done = subprocess.run([*manage, "migrate", "-v", "0"], env=given, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tick = subprocess.run([*manage, "tick"], env=given, cwd=ROOT, capture_output=True, text=True)
    assert tick.returncode == 0, tick.stderr
    backup = subprocess.run(
        [*manage, "backup", str(tmp_path / "b")], env=given, cwd=ROOT, capture_output=True, text=True
    )
    assert backup.returncode == 0, backup.stderr
    opened = psycopg2.connect(two_roles["DATABASE_URL"])
    opened.autocommit = True
    with opened.cursor() as cursor:
        for hostile in (
            "ALTER TABLE ledger_entry DISABLE TRIGGER ALL", "SET session_replication_role = replica",
            "TRUNCATE ledger_entry", "DROP TABLE ledger_seal", "CREATE TABLE mine (n int)",
            "ALTER FUNCTION occ_append_only() RENAME TO mine",
            "ALTER TABLE retention_record DISABLE TRIGGER retention_record_guard",
            "DROP TRIGGER retention_packed_guard ON retention_packed",
            "CREATE OR REPLACE FUNCTION retention_refused(wanted bigint) RETURNS text LANGUAGE sql AS 'SELECT NULL'",
            "ALTER FUNCTION retention_held(bigint, date) RENAME TO mine",
            "TRUNCATE retention_tombstone CASCADE", "DROP TABLE retention_hold CASCADE",
            # A proof from a journal destroys without a proposal: only a restore, which works as the owner, writes one.
            "INSERT INTO retention_journalproof (record_id, number, store, name, sha256, read_at)"
            " VALUES (1, '', '', '', '', now())",
        ):  # fmt: skip
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(hostile)
        with pytest.raises(psycopg2.Error, match="it only grows"):
            cursor.execute("DELETE FROM ledger_entry")
    opened.close()
    reads_the_views_and_nothing_else(two_roles)


def reads_the_views_and_nothing_else(urls: dict[str, str]) -> None:
    """Grafana's role (RTM-16)."""
    reader = urlsplit(urls["REPORTING_URL"]).username
    owner, reading = psycopg2.connect(urls["MIGRATION_DATABASE_URL"]), psycopg2.connect(urls["REPORTING_URL"])
    owner.autocommit = reading.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute("SELECT reporting.open_to('nobody_of_that_name'), reporting.open_to(%s)", [reader])
        assert cursor.fetchone() == (False, True)
        cursor.execute("SELECT viewname FROM pg_views WHERE schemaname = 'reporting'")
        views = [name for (name,) in cursor.fetchall()]
    assert len(views) >= 12
    with reading.cursor() as cursor:
        for view in views:
            cursor.execute(f"SELECT * FROM reporting.{view}")
        for hostile, refusal in (
            ("SELECT * FROM public.people_person", psycopg2.errors.InsufficientPrivilege),
            ("SELECT reporting.open_to('occ')", psycopg2.errors.InsufficientPrivilege),
            ("CREATE TABLE reporting.mine (n int)", psycopg2.Error),
            ("DELETE FROM reporting.site", psycopg2.Error),
            ("SET default_transaction_read_only = off; DELETE FROM reporting.site", psycopg2.Error),
            ("SET default_transaction_read_only = off; UPDATE reporting.site SET name = ''",
             psycopg2.errors.InsufficientPrivilege),
        ):  # fmt: skip
            with pytest.raises(refusal):
                cursor.execute(hostile)
    owner.close()
    reading.close()
