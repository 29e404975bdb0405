"""Every URL x every role x own and foreign object x every method (KER-9). A URL without a row fails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from occ.documents.attachments import attachment_add
from occ.documents.services import document_issue
from occ.home.governance import LEDGER_READERS
from occ.home.middleware import PUBLIC
from occ.home.navigation import FLOOR
from occ.jobs.services import job_start
from occ.login.models import Session
from occ.login.sessions import SessionStore
from occ.login.views.logins import DEEDS
from occ.notifications.kinds import KINDS, Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.people.models import SavedView, Site, User
from occ.policies.services import SETTERS
from retention.choices import FindingKind, ProposalStatus
from retention.models import Check, Problem, Proposal, Record, Source, Store
from retention.personal import (
    APPROVERS,
    CATALOGUE_READERS,
    DOWNLOADERS,
    HOLDERS,
    LISTENERS,
    PLACE_EDITORS,
    PLACE_READERS,
    PROPOSERS,
    REGISTRARS,
    SAYERS,
    UNMASKED,
    WAIVERS,
)
from retention.personal import KEEPERS as RETENTION_KEEPERS
from retention.services.batches import batches_gather
from retention.services.findings import Seen, findings_keep
from retention.services.holds import Scope, hold_set
from retention.services.register import Line, entry_add
from retention.workflow import BATCH
from retention.workflow import FINDING as DAMAGE
from sdm.models import Leaving
from sdm.personal import CONTRACT_READERS, LETTER_READERS, MOVERS, NIK_READERS
from sdm.personal import KEEPERS as PEOPLE_KEEPERS
from sdm.services import employments
from sdm.services.employments import Terms
from sdm.workflow import LEAVING, RECORDERS
from tests.factories import account, person, site, user
from tests.reconcile.helpers import listing
from tests.retention.catalogue import record_in, source_at
from userids.choices import ListSource
from userids.documents import LOGBOOK, logbook_body
from userids.jobs import ISSUERS
from userids.models import (
    APPLICATION_READERS,
    LOGBOOK_READERS,
    Account,
    Application,
    Assignment,
    BreachReview,
    DeactivationRequest,
    Resignation,
)
from userids.models.reconciliation import Finding
from userids.reconciling.flow import ACCEPTERS
from userids.reconciling.policies import KINDS as FINDING_KINDS
from userids.reconciling.reading import Listed
from userids.reconciling.runs import STARTERS, reconciliation_run
from userids.services import breach_reviews, deactivations, replacements
from userids.services.access_reviews import access_review_open
from userids.services.accounts import KEEPERS
from userids.services.others import ASKERS

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
READERS = set(LOGBOOK_READERS)
SUPPORT, LEADER, COORDINATOR = {Role.SUPPORT}, {Role.TEAM_LEADER}, {Role.COORDINATOR}
ADMINISTRATORS = {Role.ADMINISTRATOR}
UNKNOWN_OWNER = {FINDING_KINDS["unknown"][0]}  # of the finding that stands for all
HR_KEEPERS = set(PEOPLE_KEEPERS)
CATALOGUERS = set(CATALOGUE_READERS)
SITE_PEOPLE = READERS  # whose roles see the site's people: all of SITE_WIDE, and a leader of the whole site
EVERYBODY = set(Role)
DOCUMENT_READERS = set(LOGBOOK.reading_roles)
LISTED = CATALOGUERS | set(APPROVERS)  # who sees a list that was put before the client
SAYING = set(SAYERS["law"])
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
EARS = set(LISTENERS)
DONE = {
    200,
    201,
    202,
    204,
    302,
    400,
    409,
    415,
    422,
}  # let in, whatever it says of empty data


@dataclass(frozen=True)
class Row:
    """Who is let in, by method. `sees`: whose roles show the object; others get 404. Inside that, who may not: 403.

    `of`: the key of the object whose id is in the address; None for an address without one.
    """

    get: set[Role] | None = None
    post: set[Role] | None = None
    put: set[Role] | None = None
    of: str | None = None
    sees: set[Role] = field(default_factory=lambda: set(EVERYBODY))
    kwargs: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    shared: bool = False  # of all sites: there is no foreign one


STEPS = {
    "request": SUPPORT, "start": LEADER, "fail": LEADER, "confirm": LEADER, "document": SUPPORT, "cancel": SUPPORT,
}  # fmt: skip
# Of deactivations only; the connector's own are open to no person.
ENFORCEMENT = {"acknowledge": LEADER, "take_over": set(), "shut": set()}
PAGES: dict[str, Row] = {
    "home": Row(get=EVERYBODY),
    "inbox": Row(get=EVERYBODY),
    "inbox_read_all": Row(post=EVERYBODY),
    "notification": Row(post=EVERYBODY, of="notification", sees=set()),
    "saved_view_new": Row(post=EVERYBODY),
    "saved_view_remove": Row(post=EVERYBODY, of="view", sees=set()),
    "search": Row(get=EVERYBODY, query="?q=omn"),
    "compliance": Row(get=set(FLOOR)),
    "obligations": Row(get=set(FLOOR)),
    "policies": Row(get=set(FLOOR)),
    "policy": Row(get=set(FLOOR), post=set(SETTERS), kwargs={"key": "userids.deactivate.hours"}),
    "sop": Row(get=set(FLOOR)),
    "ledger": Row(get=set(LEDGER_READERS)),
    "logout": Row(post=EVERYBODY),
    "second_factor": Row(get=EVERYBODY),
    "second_factor_set": Row(get=EVERYBODY, post=EVERYBODY),
    "second_factor_codes": Row(post=EVERYBODY),
    "second_factor_off": Row(post=EVERYBODY),
    "sessions": Row(get=EVERYBODY),
    "sessions_end_others": Row(post=EVERYBODY),
    "session_end": Row(post=EVERYBODY, of="session", sees=set()),
    "logins": Row(get=ADMINISTRATORS),
    "login_one": Row(get=ADMINISTRATORS, of="user", sees=ADMINISTRATORS),
    "login_unlock": Row(post=ADMINISTRATORS, of="user", sees=ADMINISTRATORS),
    "login_sessions_end": Row(post=ADMINISTRATORS, of="user", sees=ADMINISTRATORS),
    "password_change": Row(get=EVERYBODY, post=EVERYBODY),
    "password_change_done": Row(get=EVERYBODY),
    "userids:dashboard": Row(get=READERS),
    "userids:accounts": Row(get=EVERYBODY),
    "userids:account": Row(get=READERS, of="account", sees=READERS),
    "userids:account_new": Row(get=set(KEEPERS), post=set(KEEPERS)),
    "userids:account_edit": Row(get=set(KEEPERS), post=set(KEEPERS), of="account", sees=READERS),
    "userids:applications": Row(get=set(APPLICATION_READERS)),
    "userids:application": Row(get=set(APPLICATION_READERS), of="application", sees=set(APPLICATION_READERS),
                               shared=True),
    # Whoever edits one has the role for all sites, which nobody here has: see tests/connectors.
    "userids:application_edit": Row(get=set(), post=set(), of="application", sees=set(APPLICATION_READERS),
                                    shared=True),
    "userids:application_enforcement": Row(post=set(), of="application", sees=set(APPLICATION_READERS), shared=True),
    "userids:application_test": Row(post=set(), of="application", sees=set(APPLICATION_READERS), shared=True),
    "userids:deactivation_connector": Row(post=LEADER, of="request", sees=READERS),
    "userids:replacement_connector": Row(post=LEADER, of="replacement", sees=READERS),
    "userids:resignations": Row(get=EVERYBODY),
    "userids:resignation_new": Row(get=SUPPORT, post=SUPPORT),
    "userids:resignations_bulk": Row(get=SUPPORT, post=SUPPORT),
    "userids:resignation": Row(get=SITE_PEOPLE, of="resignation", sees=SITE_PEOPLE),
    "userids:resignation_move": Row(post=SUPPORT, of="resignation", sees=SITE_PEOPLE),
    "userids:resignation_withdraw": Row(post=SUPPORT, of="resignation", sees=SITE_PEOPLE),
    "userids:deactivations": Row(get=EVERYBODY),
    "userids:breaches": Row(get=EVERYBODY),
    "userids:breach_review": Row(get=READERS, of="review", sees=READERS),
    "userids:access_reviews": Row(get=EVERYBODY),
    "userids:access_review": Row(get=READERS, of="campaign", sees=READERS),
    "userids:access_review_decide": Row(post=READERS, of="campaign", sees=READERS),
    "userids:access_review_close": Row(get=COORDINATOR, post=COORDINATOR, of="campaign", sees=READERS),
    "userids:account_shut": Row(get=ASKERS, post=ASKERS, of="account", sees=READERS),
    "userids:account_resume": Row(get=LEADER, post=LEADER, of="account", sees=READERS),
    "userids:deactivation": Row(get=READERS, of="request", sees=READERS),
    "userids:replacements": Row(get=EVERYBODY),
    "userids:replacement": Row(get=READERS, of="replacement", sees=READERS),
    "userids:replacement_new": Row(get=SUPPORT, post=SUPPORT, of="account", sees=READERS),
    "userids:import": Row(get=set(KEEPERS), post=set(KEEPERS)),
    "userids:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "userids:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "userids:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "userids:logbook_issue": Row(get=set(ISSUERS), post=set(ISSUERS)),
    "userids:reconciliations": Row(get=EVERYBODY),
    "userids:reconciliation_new": Row(get=set(STARTERS), post=set(STARTERS)),
    "userids:reconciliation": Row(get=READERS, of="run", sees=READERS),
    "userids:reconciliation_job": Row(get=EVERYBODY, of="list", sees=set()),
    "userids:reconciliation_confirm": Row(post=EVERYBODY, of="list", sees=set()),
    "userids:reconciliation_pull": Row(post=set(STARTERS), of="application"),
    "userids:findings": Row(get=EVERYBODY),
    "userids:finding": Row(get=READERS, of="finding", sees=READERS),
    "retention:records": Row(get=CATALOGUERS),
    "retention:record": Row(get=CATALOGUERS, of="record", sees=CATALOGUERS),
    "retention:record_customer": Row(post=set(UNMASKED), of="record", sees=CATALOGUERS),
    # Periods and stores are of every site: whoever changes them has the role for all, which nobody here has.
    "retention:schedule": Row(get=set(PLACE_READERS), post=set()),
    "retention:sources": Row(get=set(PLACE_READERS)),
    "retention:source": Row(get=set(PLACE_READERS), of="source", sees=set(PLACE_READERS)),
    "retention:source_new": Row(get=set(PLACE_EDITORS), post=set(PLACE_EDITORS)),
    "retention:source_edit": Row(get=set(PLACE_EDITORS), post=set(PLACE_EDITORS), of="source", sees=set(PLACE_READERS)),
    "retention:source_try": Row(post=set(PLACE_EDITORS), of="source", sees=set(PLACE_READERS)),
    "retention:source_scan": Row(post=set(RETENTION_KEEPERS), of="source", sees=set(PLACE_READERS)),
    "retention:stores": Row(get=set(PLACE_READERS)),
    "retention:store": Row(get=set(PLACE_READERS), of="store", sees=set(PLACE_READERS), shared=True),
    "retention:store_new": Row(get=set(), post=set()),
    "retention:store_edit": Row(get=set(), post=set(), of="store", sees=set(PLACE_READERS), shared=True),
    "retention:store_try": Row(post=set(), of="store", sees=set(PLACE_READERS), shared=True),
    "retention:import": Row(get=set(RETENTION_KEEPERS), post=set(RETENTION_KEEPERS)),
    "retention:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "retention:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "retention:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "api:retention-records": Row(get=EVERYBODY, post=set(RETENTION_KEEPERS)),
    "api:retention-record": Row(get=CATALOGUERS, of="record", sees=CATALOGUERS),
    "api:retention-sources": Row(get=EVERYBODY),
    "api:retention-stores": Row(get=EVERYBODY),
    "retention:batches": Row(get=EVERYBODY),
    "retention:batch": Row(get=CATALOGUERS, of="batch", sees=CATALOGUERS),
    "retention:record_waive": Row(get=set(WAIVERS), post=set(WAIVERS), of="record", sees=CATALOGUERS),
    "retention:findings": Row(get=EVERYBODY),
    "retention:finding": Row(get=CATALOGUERS, of="damage", sees=CATALOGUERS),
    "retention:finding_repair": Row(post=set(RETENTION_KEEPERS), of="damage", sees=CATALOGUERS),
    "retention:checks": Row(get=EVERYBODY),
    "retention:check": Row(get=CATALOGUERS, of="check", sees=CATALOGUERS),
    "people_find": Row(get=EVERYBODY, kwargs={"chooser": "sdm.leader"}, query="?q=orang"),
    "sdm:people": Row(get=EVERYBODY),
    "sdm:person": Row(get=READERS, of="person", sees=READERS),
    "sdm:person_new": Row(get=HR_KEEPERS, post=HR_KEEPERS),
    "sdm:person_edit": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="person", sees=READERS),
    "sdm:person_nik": Row(post=set(NIK_READERS), of="person", sees=READERS),
    "sdm:person_transfer": Row(get=set(MOVERS), post=set(MOVERS), of="person", sees=READERS),
    "sdm:person_rejoin": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="person", sees=READERS),
    "sdm:employment_new": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="person", sees=READERS),
    "sdm:placement_correct": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="placement", sees=READERS),
    "sdm:placement_withdraw": Row(get=set(MOVERS), post=set(MOVERS), of="placement", sees=READERS),
    "sdm:employment_extend": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="employment", sees=set(CONTRACT_READERS)),
    "sdm:employment_end": Row(get=HR_KEEPERS, post=HR_KEEPERS, of="employment", sees=set(CONTRACT_READERS)),
    "sdm:leavings": Row(get=EVERYBODY),
    "sdm:leaving_new": Row(get=set(RECORDERS), post=set(RECORDERS)),
    "sdm:leaving": Row(get=READERS, of="leaving", sees=READERS),
    "sdm:leaving_move": Row(post=set(RECORDERS), of="leaving", sees=READERS),
    "sdm:clearance_item": Row(post=set(RECORDERS), of="clearance", sees=READERS),
    "sdm:import": Row(get=HR_KEEPERS, post=HR_KEEPERS),
    "sdm:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "sdm:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "sdm:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "exports:list": Row(get=EVERYBODY),
    "exports:new": Row(post=READERS),
    "exports:job": Row(get=EVERYBODY, of="job", sees=set()),
    "exports:file": Row(get=EVERYBODY, of="job", sees=set()),
    "documents:register": Row(get=EVERYBODY),
    "documents:detail": Row(get=DOCUMENT_READERS, of="document",
                            sees=DOCUMENT_READERS),
    "documents:sign": Row(post=DOCUMENT_READERS, of="document",
                          sees=DOCUMENT_READERS),
    "documents:download": Row(get=DOCUMENT_READERS, of="document",
                              sees=DOCUMENT_READERS),
    "documents:attachment": Row(get=set(LETTER_READERS), of="attachment", sees=set(LETTER_READERS)),
    "api:schema": Row(get=EVERYBODY),
    "api:sdm-employees": Row(get=EVERYBODY, post=HR_KEEPERS),
    "api:sdm-employee": Row(get=READERS, of="number", sees=READERS, put=HR_KEEPERS),
    "api:sdm-leavings": Row(get=EVERYBODY, post=set(RECORDERS)),
    "api:userids-accounts": Row(get=EVERYBODY),
    "api:userids-account": Row(get=READERS, of="account", sees=READERS),
    "api:userids-assignments": Row(get=EVERYBODY),
    "api:userids-resignations": Row(get=EVERYBODY, post=EVERYBODY),
    "api:userids-requests": Row(get=EVERYBODY),
    "api:userids-request": Row(get=READERS, of="request", sees=READERS),
    "api:userids-replacements": Row(get=EVERYBODY, post=EVERYBODY),
    "api:userids-replacement": Row(get=READERS, of="replacement", sees=READERS),
    "api:userids-reconciliations": Row(get=EVERYBODY, post=set(STARTERS)),
    "api:userids-reconciliation": Row(get=READERS, of="run", sees=READERS),
    "api:userids-reconciliation-job": Row(get=EVERYBODY, of="list", sees=set()),
    "api:userids-findings": Row(get=EVERYBODY),
    "api:userids-finding": Row(get=READERS, of="finding", sees=READERS),
    "retention:proposals": Row(get=CATALOGUERS),
    "retention:proposal_new": Row(get=set(PROPOSERS), post=set(PROPOSERS)),
    # The client is led to a page of its own.
    "retention:proposal": Row(get=LISTED, of="proposal", sees=LISTED),
    "retention:proposal_lines": Row(get=CATALOGUERS, of="proposal", sees=LISTED),
    "retention:proposal_condition": Row(post=SAYING, of="draft", sees=CATALOGUERS),
    "retention:proposal_release": Row(post=set(RETENTION_KEEPERS), of="proposal", sees=LISTED),
    "retention:proposal_annex": Row(post=LISTED, of="proposal", sees=LISTED),
    "retention:proposal_issue": Row(get={Role.DOCUMENT_CONTROL}, post={Role.DOCUMENT_CONTROL}, of="proposal",
                                    sees=LISTED),
    "retention:proposal_step/submit": Row(post=set(PROPOSERS), of="draft", sees=CATALOGUERS,
                                          kwargs={"transition": "submit"}),
    "retention:proposal_step/withdraw": Row(post={*PROPOSERS, Role.COORDINATOR}, of="proposal", sees=LISTED,
                                            kwargs={"transition": "withdraw"}),
    "retention:proposal_step/recall": Row(post={Role.COORDINATOR}, of="proposal", sees=LISTED,
                                          kwargs={"transition": "recall"}),
    "retention:proposal_step/execute": Row(post=set(RETENTION_KEEPERS), of="proposal", sees=LISTED,
                                           kwargs={"transition": "execute"}),
    # Deciding is not among the steps of that page, nor is what the system does by itself.
    **{f"retention:proposal_step/{name}": Row(post=set(), of="proposal", sees=LISTED, kwargs={"transition": name})
       for name in ("approve", "refuse", "void", "retry", "stop", "finish", "issue", "nonsense")},
    "retention:decisions": Row(get=set(APPROVERS)),
    "retention:decision": Row(get=set(APPROVERS), of="proposal", sees=LISTED),
    "retention:decision_make": Row(post=set(APPROVERS), of="proposal", sees=LISTED),
    "retention:decision_recall": Row(post=set(APPROVERS), of="proposal", sees=LISTED),
    "retention:compliance": Row(get=CATALOGUERS),
    "retention:figure_rows": Row(get=CATALOGUERS),
    "retention:holds": Row(get=CATALOGUERS),
    "retention:hold_new": Row(get=set(HOLDERS), post=set(HOLDERS)),
    "retention:hold": Row(get=CATALOGUERS, of="hold", sees=CATALOGUERS),
    "retention:hold_customer": Row(post=set(UNMASKED), of="hold", sees=CATALOGUERS),
    "retention:hold_extend": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "retention:hold_lift": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "retention:said": Row(get=EARS),
    "retention:listen": Row(get=EARS, post=EARS, of="call", sees=CATALOGUERS),
    "retention:read": Row(get=EARS, post=EARS, of="chat", sees=CATALOGUERS),
    "retention:media": Row(get=EARS, of="call", sees=CATALOGUERS),
    "retention:take": Row(get=set(DOWNLOADERS), of="call", sees=CATALOGUERS),
    "retention:register": Row(get=CATALOGUERS),
    "retention:register_issue": Row(get=set(REGISTRARS), post=set(REGISTRARS)),
    "retention:entry": Row(get=CATALOGUERS, of="entry", sees=CATALOGUERS),
    "retention:entry_new": Row(get=set(REGISTRARS), post=set(REGISTRARS)),
    "retention:entry_edit": Row(get=set(REGISTRARS), post=set(REGISTRARS), of="entry", sees=CATALOGUERS),
    "retention:entries:import": Row(get=set(REGISTRARS), post=set(REGISTRARS)),
    "retention:entries:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "retention:entries:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "retention:entries:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "api:retention-holds": Row(get=EVERYBODY, post=set(HOLDERS)),
    "api:retention-hold": Row(get=CATALOGUERS, of="hold", sees=CATALOGUERS),
    "api:retention-hold-records": Row(get=CATALOGUERS, of="hold", sees=CATALOGUERS),
    "api:retention-hold-extend": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "api:retention-hold-lift": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "api:retention-register": Row(get=EVERYBODY),
    "api:retention-entries": Row(get=EVERYBODY, post=set(REGISTRARS)),
    "api:retention-entry": Row(get=CATALOGUERS, put=set(REGISTRARS), of="entry", sees=CATALOGUERS),
    "api:retention-compliance": Row(get=EVERYBODY),
    "api:not-found": Row(of="nothing", sees=set()),
}  # fmt: skip
for name in DEEDS:
    PAGES[f"login_deed/{name}"] = Row(post=ADMINISTRATORS, of="user", sees=ADMINISTRATORS, kwargs={"deed": name})
for one in LEAVING.transitions:
    PAGES[f"sdm:leaving_step/{one.name}"] = Row(
        post={Role(role) for role in one.by_roles}, of="leaving", sees=READERS, kwargs={"transition": one.name}
    )
for name, roles in STEPS.items():
    for prefix in ("userids:deactivation_step", "api:userids-request-transition"):
        PAGES[f"{prefix}/{name}"] = Row(post=roles, of="request", sees=READERS, kwargs={"transition": name})
    if name != "request":
        for prefix in ("userids:replacement_step", "api:userids-replacement-transition"):
            PAGES[f"{prefix}/{name}"] = Row(post=roles, of="replacement", sees=READERS, kwargs={"transition": name})
for prefix in ("userids:deactivation_step", "api:userids-request-transition"):
    PAGES[f"{prefix}/cancel"] = replace(PAGES[f"{prefix}/cancel"], post=SUPPORT | COORDINATOR)
for name in breach_reviews.TRANSITIONS:
    PAGES[f"userids:breach_review_step/{name}"] = Row(
        post=COORDINATOR, of="review", sees=READERS, kwargs={"transition": name}
    )
for name, roles in ENFORCEMENT.items():
    for prefix in ("userids:deactivation_step", "api:userids-request-transition"):
        PAGES[f"{prefix}/{name}"] = Row(post=roles, of="request", sees=READERS, kwargs={"transition": name})
for name, roles in {"resolve": UNKNOWN_OWNER, "accept": set(ACCEPTERS)}.items():
    for prefix in ("userids:finding_step", "api:userids-finding-transition"):
        PAGES[f"{prefix}/{name}"] = Row(post=roles, of="finding", sees=READERS, kwargs={"transition": name})
for flow, prefix, of in ((BATCH, "retention:batch_step", "batch"), (DAMAGE, "retention:finding_step", "damage")):
    for one in flow.transitions:
        if one.by_roles:
            PAGES[f"{prefix}/{one.name}"] = Row(
                post={Role(role) for role in one.by_roles}, of=of, sees=CATALOGUERS, kwargs={"transition": one.name}
            )
# Open to whoever asks, or answering nobody in particular.
OPEN = {
    "login",
    "account_login",
    "mfa_authenticate",
    "openid_connect_login",
    "openid_connect_callback",
    "set_language",
    "healthz",
    "readyz",
    "metrics",
    "documents:verify",
}


def names(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from names(one.url_patterns, f"{prefix}{one.namespace}:" if one.namespace else prefix)
        elif isinstance(one, URLPattern):
            yield f"{prefix}{one.name}"


def test_every_url_has_a_row() -> None:
    rows = {name.partition("/")[0] for name in PAGES} | OPEN
    assert set(names(get_resolver().url_patterns)) == rows


def test_what_is_open_is_what_the_wall_lets_through() -> None:
    assert {name.rpartition(":")[2] for name in OPEN} == PUBLIC


def address(name: str, row: Row, objects: dict[str, Any]) -> str:
    kwargs = dict(row.kwargs)
    plain = name.partition("/")[0]
    if plain == "userids:replacement_new":
        return f"{reverse(plain)}?account={objects['account']}"
    if plain == "api:not-found":
        return "/api/v1/no/such/thing/"
    if row.of == "session":
        kwargs["handle"] = objects["session"]
    elif row.of:
        kwargs["number" if row.of == "number" else "pk"] = objects[row.of]
    return reverse(plain, kwargs=kwargs) + row.query


@pytest.fixture(autouse=True)
def own_files(kept_files: None) -> None:
    """The module's files lie in one place, as its objects are made once."""


@pytest.fixture(scope="module")
def kept_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    place, system = tmp_path_factory.mktemp("matrix"), "django.core.files.storage.FileSystemStorage"
    storages = {
        "default": {"BACKEND": system, "OPTIONS": {"location": str(place / "files")}},
        "documents": {"BACKEND": system, "OPTIONS": {"location": str(place / "documents")}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(STORAGES=storages, PASSWORD_HASHERS=hashers):
        yield


@pytest.fixture(scope="module")
def clients(world: Any, django_db_blocker: Any) -> dict[Role, Client]:
    """Somebody logged in for each role at Jakarta."""
    found = {}
    with django_db_blocker.unblock():
        for role in Role:
            found[role] = Client()
            found[role].force_login(user(role, site("JKT"), name=f"matrix.{role}"))
    return found


@pytest.fixture(scope="module")
def world(kept_files: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, dict[str, Any]]]:
    """A site's objects, twice: own and foreign. One transaction, undone at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield {code: objects_of(site(code)) for code in ("JKT", "YGY")}
        transaction.set_rollback(True)


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    support, leader = user(Role.SUPPORT, where), user(Role.TEAM_LEADER, where)
    stranger = User.objects.create_user(f"stranger.{where.code}")
    leaver, gone, new = (person(where) for _one in range(3))
    holding = account(leaver, since=now - timedelta(days=300))
    other = account(gone, since=now - timedelta(days=300))
    resignation = deactivations.resignation_record(
        person_id=leaver.pk, last_working_day=now.date() + timedelta(days=9), actor=support, now=now
    )
    deactivations.resignation_record(
        person_id=gone.pk, last_working_day=now.date() + timedelta(days=1), actor=support, now=now
    )
    replacement = replacements.replacement_request(
        account_id=other.pk, person_id=new.pk, email=new.email, actor=support, now=now
    )
    file = SimpleUploadedFile("surat.pdf", PDF)
    letter = attachment_add(file=file, subject=resignation, actor=support, now=now, purpose="letter")
    late = person(where)
    account(late, since=now - timedelta(days=300))
    deactivations.resignation_record(
        person_id=late.pk, last_working_day=now.date() - timedelta(days=5), actor=support, now=now
    )
    review = BreachReview.objects.get(request__person=late)
    campaign = access_review_open(site=where, now=now)
    assert campaign is not None
    body = logbook_body(rows=[], totals={}, site=where.name, period=None, as_of=now.date(), language="id")
    document = document_issue(
        type=LOGBOOK, site=where, subject=None, title="Logbook", data=body, language="id", actor=support, now=now
    )
    if "test.matrix" not in KINDS:
        register(Kind("test.matrix", "x", "x"))
    (news,) = notify(to=[stranger], kind="test.matrix", params={}, key="m", now=now)
    view = SavedView.objects.create(user=stranger, page="/userids/accounts/", name="Mine", query="site=1")
    # An application of each site's own: a run is seen by whose site it compared.
    own = Application.objects.create(code=f"APP-{where.code}", name="App")
    Account.objects.create(application=own, user_id="A-1", site=where, created_at=now, activated_at=now)
    file = SimpleUploadedFile("daftar.csv", b"User ID,Status\nA-1,Aktif\n")
    params = {"application": own.pk, "taken_at": now.isoformat()}
    brought = job_start(kind="userids.reconcile", params=params, owner=user(Role.IT), now=now, file=file)
    brought.owner = stranger
    brought.save(update_fields=["owner"])
    run = reconciliation_run(
        application=own, listing=listing([Listed("ASING", True)]), source=ListSource.FILE, taken_at=now, confirmed=True,
        actor=user(Role.IT), now=now,
    )  # fmt: skip
    finding = Finding.objects.get(first_run=run, kind="unknown")
    job = job_start(kind="userids.logbook", params={"query": ""}, owner=support, now=now)
    job.owner = stranger
    job.save(update_fields=["owner"])
    backups = backup_objects(where, now)
    employee = leaver.employee
    hr = user(Role.HR_RELATIONS, where)
    contract = employments.employment_add(
        person_id=new.pk, terms=Terms("pkwt", new.joined_on, now.date() + timedelta(days=90)), actor=hr, now=now
    )
    draft, put = proposals_of(where, now)
    leaving = Leaving.objects.get(employee=employee)
    theirs = SessionStore()
    theirs["_auth_user_id"] = str(stranger.pk)
    theirs.create()
    member = User.objects.create_user(f"member.{where.code}", person=new)
    source = source_at(where, "file:///nowhere", code=f"SRC-{where.code}")
    kept_in = Store.objects.get_or_create(
        code="MAIN", defaults={"name": "Main", "kind": "directory", "url": "file:///no"}
    )
    return around_records(where) | {
        "source": source.pk, "store": kept_in[0].pk, "record": record_in(source).pk,
        "session": Session.objects.get(pk=theirs.session_key).handle, "user": member.pk,
        "person": leaver.pk, "placement": employee.placements.get().pk, "employment": contract.pk,
        "leaving": leaving.pk, "clearance": leaving.items.all()[0].pk, "number": leaver.number,
        "account": holding.pk, "resignation": resignation.pk, "replacement": replacement.pk, "leader": leader,
        "request": DeactivationRequest.objects.get(account=holding).pk, "attachment": letter.pk,
        "review": review.pk, "campaign": campaign.pk, "document": document.pk, "notification": news.pk,
        "job": job.pk, "view": view.pk,
        "run": run.pk, "finding": finding.pk, "list": brought.pk, "application": own.pk,
        "proposal": put.pk, "draft": draft.pk,
        "nothing": 0, **backups,
    }  # fmt: skip


def backup_objects(where: Site, now: Any) -> dict[str, int]:
    """A batch with a record that cannot be backed up, a finding and a check of it."""
    source = Source.objects.create(
        code=f"REC-{where.code}", name="Recorder", kind="directory", url="file:///nowhere", record_kind="recording",
        site=where, pattern=".",
    )  # fmt: skip
    ended = now - timedelta(days=400)
    record = Record.objects.create(
        source=source, external_id=f"call-{where.code}", kind="recording", channel="voice", site=where,
        started_at=ended,
        ended_at=ended, path="call.wav", size=1, catalogued_at=now,
    )  # fmt: skip
    batches_gather(now=now)
    record.refresh_from_db()
    Problem.objects.create(batch=record.batch, record=record, kind="missing", found_at=now, tried_at=now)
    store = Store.objects.get_or_create(code="MAIN", name="Main", kind="directory", url="file:///nowhere")[0]
    seen = [Seen(f"bags/{where.code}/000001.pack", where)]
    (damage,) = findings_keep(kind=FindingKind.DAMAGED, place=store, seen=seen, complete=False, now=now)
    check = Check.objects.create(kind="fixity", batch=record.batch, started_at=now, by="x")
    assert record.batch_id is not None
    return {"batch": record.batch_id, "record": record.pk, "damage": damage.pk, "check": check.pk}


def proposals_of(where: Site, now: datetime) -> tuple[Proposal, Proposal]:
    """One that is being prepared, and one that lies before the client; nothing is on their lists."""
    made = [
        Proposal.objects.create(
            number=f"MUS-{where.code}-2026-{n:04}", site=where, kind="chat", reason="x", proposed_at=now
        )
        for n in (1, 2)
    ]
    of_nothing = hashlib.sha256(b"").hexdigest()
    made[1].status, made[1].frozen_at, made[1].list_sha256 = ProposalStatus.WITH_CLIENT, now, of_nothing
    made[1].first_day = made[1].last_day = now.date()
    made[1].answer_due_at = now + timedelta(days=9)
    made[1].save()
    return made[0], made[1]


def around_records(where: Site) -> dict[str, Any]:
    """A recording and a chat, a hold on both, a document entered by hand."""
    now, found = timezone.now(), {}
    for kind, name in (("recording", "call"), ("chat", "chat")):
        place = Source.objects.create(
            code=f"{where.code}-{kind.upper()}", name=kind, kind="directory", url=f"file:///nowhere/{kind}", site=where,
            record_kind=kind, channel="voice", pattern="(?P<id>.+)",
        )  # fmt: skip
        found[name] = place.records.create(
            external_id="1", kind=kind, channel="voice", site=where, started_at=now, ended_at=now, path="1", size=1,
            catalogued_at=now,
        ).pk  # fmt: skip
    manager, control = user(Role.MANAGER), user(Role.DOCUMENT_CONTROL)
    scope = Scope(site=where, first_day=now.date() - timedelta(days=9))
    hold = hold_set(scope=scope, reason="audit", note="x", until=None, actor=manager, now=now)
    line = Line(
        number="E-1", title="x", medium="hardcopy", site=where, owner_role="it", place="x", issued_on=now.date(),
        expires_on=now.date(),
    )  # fmt: skip
    return found | {"hold": hold.pk, "entry": entry_add(line=line, actor=control, now=now).pk}


def ask(client: Client, method: str, url: str) -> int:
    """The status; whatever the request did is undone."""
    session = client.cookies.copy()
    with transaction.atomic():
        send: Callable[..., Any] = getattr(client, method)
        data = {"kind": "userids.logbook"} if url.endswith("/exports/new/") else {}
        data = {"key": "law"} if url.endswith("/condition/") else data
        answer = send(url, data=data) if method in {"get", "post"} else send(url)
        transaction.set_rollback(True)
    client.cookies = session
    return int(answer.status_code)


def expected(row: Row, role: Role, method: str, *, own: bool, api: bool) -> str:
    allowed = {"get": row.get, "post": row.post, "put": row.put}[method]
    if allowed is None:
        return "no method"
    if row.of and (not own or role not in row.sees):
        return "hidden"
    return "in" if role in allowed else "refused"


ANSWERS = {"hidden": {404}, "refused": {403, 404}, "in": DONE}


@pytest.mark.no_cover  # thousands of requests; each page's own tests say what of it is covered
@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_matrix(world: dict[str, dict[str, Any]], clients: dict[Role, Client], name: str) -> None:
    row, wrong = PAGES[name], []
    with transaction.atomic():
        for role, client in clients.items():
            for own in (True, False) if row.of and not row.shared else (True,):
                url = address(name, row, world["JKT" if own else "YGY"])
                for method in ("get", "post", "put"):
                    if method == "put" and row.put is None:
                        continue  # asked for below, as somebody who may do nothing
                    want = expected(row, role, method, own=own, api=name.startswith("api:"))
                    status = ask(client, method, url)
                    good = {403, 404, 405} if want == "no method" else ANSWERS[want]
                    if status not in good:
                        wrong.append((str(role), method, "own" if own else "foreign", want, status))
        for method in ("put", "patch", "delete"):
            if method == "put" and row.put is not None:
                continue  # asked for above
            if (status := ask(clients[Role.AUDITOR], method, address(name, row, world["JKT"]))) not in {403, 404, 405}:
                wrong.append(("auditor", method, "own", "no method", status))
        transaction.set_rollback(True)
    assert not wrong


@pytest.mark.parametrize("name", sorted(PAGES))
def test_who_is_not_logged_in_gets_nothing(world: dict[str, dict[str, Any]], name: str) -> None:
    url = address(name, PAGES[name], world["JKT"])
    for method in ("get", "post", "put", "delete"):
        status = ask(Client(), method, url)
        assert status in ({401, 403, 404, 405} if name.startswith("api:") else {302}), (method, status)


def test_an_agent_sees_the_own_id_and_not_who_had_it_before(floor: Any) -> None:
    agent = User.objects.create_user("an.agent", person=floor.agent)
    agent.roles.create(role=Role.AGENT, site=floor.jkt, starts_on="2020-01-01")
    before = person(floor.jkt, name="Pemegang Lama")
    Assignment.objects.create(
        account=floor.account, person=before, email="lama@x.test", starts_at=floor.account.activated_at - timedelta(9),
        ends_at=floor.account.activated_at,
    )  # fmt: skip
    client = Client()
    client.force_login(agent)
    url = reverse("userids:account", args=[floor.account.pk])
    page = client.get(url).content.decode()
    assert floor.account.user_id in page
    assert "Pemegang Lama" not in page
    as_of = (floor.account.activated_at - timedelta(2)).isoformat()
    assert client.get(reverse("api:userids-accounts"), {"as_of": as_of}).status_code == 403
    assert client.get(reverse("userids:accounts"), {"as_of": as_of[:16]}).status_code == 403
    assert "Pemegang Lama" not in client.get(reverse("api:userids-assignments")).content.decode()


def test_a_role_that_ended_yesterday_lets_nobody_in(floor: Any) -> None:
    today = timezone.localdate()
    floor.leader.roles.update(ends_on=today - timedelta(days=1))
    floor.resign(today + timedelta(days=3), now=timezone.now())
    client = Client()
    client.force_login(floor.leader)
    assert client.get(floor.request.get_absolute_url()).status_code == 404


def test_resignations_of_others_stay_theirs(floor: Any) -> None:
    floor.resign(timezone.localdate() + timedelta(days=3), now=timezone.now())
    foreign = user(Role.SUPPORT, floor.ygy)
    assert not Resignation.objects.visible_to(foreign).filter(person=floor.agent).exists()
    assert Resignation.objects.visible_to(floor.support).filter(person=floor.agent).exists()
