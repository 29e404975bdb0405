"""/api/v1/userids/reconciliations/ and findings/: the same rows and services as the pages (UID-15)."""

import uuid
from typing import Any

from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, paged, query_of, user_of
from occ.api.fields import DayField, InstantField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid, NotAllowed
from occ.jobs.models import Job, State
from occ.jobs.services import job_start, must_still_cover
from occ.people.access import get_visible
from occ.processes import evidence_of
from occ.texts import said, said_within
from userids.choices import SAYABLE, FindingKind, FindingStatus
from userids.models import Application
from userids.models.reconciliation import Finding, Reconciliation
from userids.reconciling.findings import STEPS, may_resolve, must_own
from userids.reconciling.flow import FINDING
from userids.reconciling.jobs import RECONCILE, finding_rows, starts
from userids.reconciling.runs import may_reconcile


class ReconciliationSerializer(serializers.ModelSerializer[Reconciliation]):
    application = serializers.CharField(source="application.code")

    class Meta:
        model = Reconciliation
        fields = [
            "id", "application", "source", "file_name", "sha256", "taken_at", "ran_at", "seconds", "started_by_label",
            "confirmed", "users", "active_users", "accounts", "active_accounts",
        ]  # fmt: skip


class FindingSerializer(serializers.ModelSerializer[Finding]):
    application = serializers.CharField(source="application.code")
    user_id = serializers.CharField(source="ids")
    employee = serializers.CharField(source="person.number", default=None, allow_null=True)
    site = serializers.CharField(source="site.code")
    transitions = serializers.SerializerMethodField(help_text="those that you may make now")

    class Meta:
        model = Finding
        fields = [
            "id", "application", "kind", "user_id", "account", "employee", "site", "owner_role", "status", "details",
            "found_at", "due_at", "way", "said_at",
            "settled_at", "accepted_until", "first_run", "last_run", "transitions",
        ]  # fmt: skip

    def get_transitions(self, finding: Finding) -> list[str]:
        user = self.context["request"].user
        return [
            one.name
            for one in FINDING.open_to(user, state=finding.status, site=finding.site)
            if one.is_for(finding) and not one.refusal(user, finding)
            and (one.name != "resolve" or may_resolve(user, finding))
        ]  # fmt: skip


class ListInput(serializers.Serializer[Any]):
    application = serializers.CharField(max_length=20, help_text="code")
    file = serializers.FileField(help_text="XLSX, XLS, ODS or CSV; multipart/form-data")
    taken_at = InstantField(required=False, help_text="when the application made the list; else now")
    confirmed = serializers.BooleanField(
        required=False,
        default=False,
        help_text="an empty or much shorter list, or one with very many new findings, is right",
    )


class ReconciliationJobSerializer(serializers.Serializer[Any]):
    """`run` when it is done; `refused` with a code, a message and, where rows are faulty, the rows."""

    job = serializers.UUIDField()
    state = serializers.CharField()
    progress = serializers.IntegerField()
    run = serializers.IntegerField(allow_null=True)
    refused = serializers.DictField(allow_null=True)


def job_said(job: Job) -> dict[str, Any]:
    result, refused = said_within(job.result), None
    if "faulty" in result:
        refused = {"code": "faulty_rows", "message": result["message"], "rows": result["faulty"]["rows"]}
    elif "confirm" in result:
        refused = {"code": "confirmation_needed", "message": result["confirm"]}
    elif job.state in {State.REFUSED, State.FAILED}:
        refused = {"code": job.state, "message": said(job.error)}
    found = {"job": str(job.pk), "state": job.state, "progress": job.progress, "run": result.get("run")}
    return found | {"refused": refused}


class Reconciliations(APIView):
    @extend_schema(
        operation_id="userids_reconciliations", responses=paged("ReconciliationPage", ReconciliationSerializer),
        parameters=[AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = Reconciliation.objects.visible_to(user_of(request)).select_related("application")
        return page(request, rows, lambda found: ReconciliationSerializer(found, many=True).data)

    @extend_schema(
        operation_id="userids_reconcile", request=ListInput, responses={202: ReconciliationJobSerializer},
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Compare a list with the logbook in the background; ask for the job until it is done."""
        user, now = user_of(request), timezone.now()
        if not starts(user):
            raise NotAllowed
        data = body_of(request, ListInput)
        application = Application.objects.filter(code=data["application"]).first()
        if application is None:
            raise Invalid(_("There is no such application."), field="application", code="unknown_application")
        if not may_reconcile(user, application):
            raise NotAllowed(_("A reconciliation covers every site of the application; your role does not."))
        taken_at = data.get("taken_at") or now
        if taken_at > now:
            raise Invalid(_("The list cannot be of a later time than now."), field="taken_at")
        params = {"application": application.pk, "taken_at": taken_at.isoformat(), "confirmed": data["confirmed"]}
        job = job_start(kind=RECONCILE.key, params=params, owner=user, now=now, file=data["file"])
        answer = Response(job_said(job), status=202)
        answer["Location"] = request.build_absolute_uri(reverse("api:userids-reconciliation-job", args=[job.pk]))
        return answer


class ReconciliationJob(APIView):
    @extend_schema(operation_id="userids_reconciliation_job", responses=ReconciliationJobSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        job = get_visible(Job, user_of(request), pk)
        if job.kind != RECONCILE.key:
            raise Http404
        must_still_cover(user_of(request), job)
        return Response(job_said(job))


class ReconciliationDetail(APIView):
    @extend_schema(operation_id="userids_reconciliation", responses=ReconciliationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(ReconciliationSerializer(get_visible(Reconciliation, user_of(request), pk)).data)


class FindingQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        FindingStatus.choices, required=False, help_text="open: also what is yet to be confirmed"
    )
    kind = serializers.ChoiceField(FindingKind.choices, required=False)
    site = serializers.CharField(required=False, max_length=10)


class Findings(APIView):
    @extend_schema(
        operation_id="userids_findings", responses=paged("FindingPage", FindingSerializer),
        parameters=[FindingQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = query_of(request, FindingQuery)
        if "site" in asked:
            asked["site__code"] = asked.pop("site")
        rows = finding_rows(user_of(request))
        if asked.get("status") == FindingStatus.OPEN:
            del asked["status"]
            rows = rows.open()
        rows = rows.filter(**asked)
        return page(request, rows, lambda found: FindingSerializer(found, many=True, context={"request": request}).data)


class FindingDetail(APIView):
    @extend_schema(operation_id="userids_finding", responses=FindingSerializer)
    def get(self, request: Request, pk: int) -> Response:
        found = get_visible(Finding, user_of(request), pk)
        return Response(FindingSerializer(found, context={"request": request}).data)


class ResolveInput(serializers.Serializer[Any]):
    way = serializers.ChoiceField([(one.value, one.label) for one in SAYABLE])
    until = DayField(required=False, default=None)
    text = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    file = serializers.FileField(required=False, default=None, help_text="PDF, PNG or JPG; multipart/form-data")


class AcceptInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2000)
    until = DayField()


class NoteInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2000)


class FindingInput(serializers.Serializer[Any]):
    """`resolve` needs a way, and text, file, or both; `accept` a note and a day; `confirm` and `refuse` a note."""

    way = serializers.ChoiceField([(one.value, one.label) for one in SAYABLE], required=False)
    text = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    file = serializers.FileField(required=False)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    until = DayField(required=False)


INPUTS: dict[str, type[serializers.Serializer[Any]]] = {"resolve": ResolveInput, "accept": AcceptInput}


class FindingTransition(APIView):
    @extend_schema(
        operation_id="userids_finding_transition", request=FindingInput, responses=FindingSerializer,
        parameters=[KEY, OpenApiParameter("transition", str, OpenApiParameter.PATH)],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a transition: resolve, confirm, accept, refuse."""
        user = user_of(request)
        found = get_visible(Finding, user, pk)
        if transition not in STEPS:
            raise Http404
        if not FINDING.find(transition).open_to(user, found.site):
            raise NotAllowed
        if transition == "resolve":
            must_own(user, found)
        data, now = body_of(request, INPUTS.get(transition, NoteInput)), timezone.now()
        with transaction.atomic():
            if transition == "resolve":
                data["evidence"] = evidence_of(found, data, actor=user, now=now)
            done = STEPS[transition](finding_id=pk, actor=user, now=now, **data)
        return Response(FindingSerializer(done, context={"request": request}).data)
