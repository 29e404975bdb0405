"""/api/v1/userids/: the same rows and the same services as the pages (UID-15)."""

from typing import Any

from django.db import models, transaction
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, employee_of, paged, query_of, user_of
from occ.api.fields import InstantField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.documents.attachments import attachment_add
from occ.errors import NotAllowed
from occ.people.access import get_visible
from occ.people.models import Person
from occ.people.scope import has_role
from userids.api.serializers import (
    AccountSerializer,
    AssignmentSerializer,
    DeactivationSerializer,
    ReplacementInput,
    ReplacementSerializer,
    ResignationInput,
    ResignationSerializer,
    TransitionInput,
)
from userids.choices import AccountStatus
from userids.filters import not_ahead
from userids.models import LOGBOOK_READERS, Account, Assignment, DeactivationRequest, ReplacementRequest, Resignation
from userids.services import deactivations, replacements
from userids.services.evidence import ALLOWED, FLOWS, transition_make

ACCOUNT = OpenApiParameter("account", {"type": "integer", "minimum": 0}, description="id of an account")


class Query(serializers.Serializer[Any]):
    as_of = InstantField(required=False, validators=[not_ahead])
    status = serializers.ChoiceField(AccountStatus.choices, required=False)
    site = serializers.CharField(required=False, max_length=10)
    q = serializers.CharField(required=False, max_length=200)


class Accounts(APIView):
    @extend_schema(
        operation_id="userids_accounts", responses=paged("AccountPage", AccountSerializer),
        parameters=[Query, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The logbook as it is, or as it was at the instant `as_of`."""
        asked = query_of(request, Query)
        rows: Any = Account.objects.visible_to(user_of(request))
        at = asked.get("as_of")
        if at and not has_role(user_of(request), LOGBOOK_READERS):
            raise NotAllowed  # it would name who had one's ID before
        status = asked.get("status")
        if at:
            active = status == "active" if status else None
            rows = rows.as_of(at, active=active).select_related("site", "application")
        else:
            rows = rows.filter(status=status).with_holder() if status else rows.with_holder()
        if site := asked.get("site"):
            rows = rows.filter(site__code=site)
        if text := asked.get("q"):
            rows = rows.search(text)
        return page(request, rows, lambda found: AccountSerializer(found, many=True).data, order="user_id")


class AccountDetail(APIView):
    @extend_schema(operation_id="userids_account", responses=AccountSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(AccountSerializer(get_visible(Account, user_of(request), pk)).data)


class Assignments(APIView):
    @extend_schema(
        operation_id="userids_assignments", responses=paged("AssignmentPage", AssignmentSerializer),
        parameters=[AFTER, SIZE, ACCOUNT],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Who held which ID from when to when."""
        user = user_of(request)
        rows = Assignment.objects.visible_to(user).select_related("account", "person")
        account = request.query_params.get("account")
        if account is not None:
            number = serializers.IntegerField(min_value=0, max_value=2**63 - 1).run_validation(account)
            rows = rows.filter(account_id=number)
        return page(request, rows, lambda found: AssignmentSerializer(found, many=True).data)


class Resignations(APIView):
    @extend_schema(
        operation_id="userids_resignations", responses=paged("ResignationPage", ResignationSerializer),
        parameters=[AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = Resignation.objects.visible_to(user_of(request)).select_related("person__site")
        return page(request, rows, lambda found: ResignationSerializer(found, many=True).data)

    @extend_schema(
        operation_id="userids_resignation_record", request=ResignationInput, responses={201: ResignationSerializer},
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Record a resignation; one deactivation request per user ID is opened and requested."""
        data, user, now = body_of(request, ResignationInput), user_of(request), timezone.now()
        person = employee_of(Person.objects.visible_to(user), data["employee"])
        with transaction.atomic():
            made = deactivations.resignation_record(
                person_id=person.pk, last_working_day=data["last_working_day"], reason=data["reason"],
                note=data["note"], actor=user, now=now,
            )  # fmt: skip
            if letter := data.get("letter"):
                attachment_add(file=letter, subject=made, actor=user, now=now, purpose="letter", allowed=ALLOWED)
        return Response(ResignationSerializer(made).data, status=201)


class Requests(APIView):
    """A list of processes and its rows; subclassed for deactivations and replacements."""

    model: type[DeactivationRequest] | type[ReplacementRequest]
    serializer: type[DeactivationSerializer] | type[ReplacementSerializer]

    def rows(self, request: Request) -> "models.QuerySet[Any]":
        return self.model.objects.visible_to(user_of(request)).select_related("account", "person", "site")

    def said(self, request: Request, found: Any, *, many: bool = False) -> Any:
        return self.serializer(found, many=many, context={"request": request}).data


class Deactivations(Requests):
    model, serializer = DeactivationRequest, DeactivationSerializer

    @extend_schema(
        operation_id="userids_requests", responses=paged("DeactivationPage", DeactivationSerializer),
        parameters=[AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return page(request, self.rows(request), lambda found: self.said(request, found, many=True))


class DeactivationDetail(Requests):
    model, serializer = DeactivationRequest, DeactivationSerializer

    @extend_schema(operation_id="userids_request", responses=DeactivationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.said(request, get_visible(self.model, user_of(request), pk)))


class DeactivationTransition(Requests):
    model, serializer = DeactivationRequest, DeactivationSerializer

    @extend_schema(
        operation_id="userids_request_transition", request=TransitionInput, responses=DeactivationSerializer,
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a transition: request, start, fail, confirm, acknowledge, document, cancel."""
        return Response(self.said(request, make(request, self.model, pk, transition)))


class Replacements(Requests):
    model, serializer = ReplacementRequest, ReplacementSerializer

    @extend_schema(
        operation_id="userids_replacements", responses=paged("ReplacementPage", ReplacementSerializer),
        parameters=[AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return page(request, self.rows(request), lambda found: self.said(request, found, many=True))

    @extend_schema(
        operation_id="userids_replacement_request", request=ReplacementInput, responses={201: ReplacementSerializer},
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask that an ID passes to a new agent."""
        data, user = body_of(request, ReplacementInput), user_of(request)
        account = get_visible(Account, user, data["account"])
        person = employee_of(Person.objects.visible_to(user), data["employee"])
        made = replacements.replacement_request(
            account_id=account.pk, person_id=person.pk, email=data["email"], actor=user, now=timezone.now()
        )
        return Response(self.said(request, made), status=201)


class ReplacementDetail(Requests):
    model, serializer = ReplacementRequest, ReplacementSerializer

    @extend_schema(operation_id="userids_replacement", responses=ReplacementSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.said(request, get_visible(self.model, user_of(request), pk)))


class ReplacementTransition(Requests):
    model, serializer = ReplacementRequest, ReplacementSerializer

    @extend_schema(
        operation_id="userids_replacement_transition", request=TransitionInput, responses=ReplacementSerializer,
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a transition: start, fail, confirm, document, cancel."""
        return Response(self.said(request, make(request, self.model, pk, transition)))


# What a transition's service takes beside the evidence.
TAKES: dict[tuple[type, str], set[str]] = {
    (DeactivationRequest, "fail"): {"note"}, (DeactivationRequest, "confirm"): {"note", "inactive_since"},
    (DeactivationRequest, "acknowledge"): {"note"},
    (DeactivationRequest, "document"): {"note"}, (DeactivationRequest, "cancel"): {"note"},
    (ReplacementRequest, "fail"): {"note"},
    (ReplacementRequest, "confirm"): {"note", "sessions_revoked", "work_handed_over"},
    (ReplacementRequest, "document"): {"note"}, (ReplacementRequest, "cancel"): {"note"},
}  # fmt: skip
NEEDED: dict[str, Any] = {"note": "", "sessions_revoked": False, "work_handed_over": False}


def make(request: Request, model: Any, pk: int, name: str) -> Any:
    found = get_visible(model, user_of(request), pk)
    transition = next((one for one in FLOWS[model].transitions if one.name == name), None)
    if transition is None:
        raise Http404
    if not transition.open_to(user_of(request), found.site):
        raise NotAllowed
    data = body_of(request, TransitionInput)
    taken = TAKES.get((model, name), set())
    arguments = {key: data.get(key, NEEDED.get(key)) for key in taken}
    return transition_make(
        request=found, name=name, text=data.get("text", ""), file=data.get("file"), actor=user_of(request),
        now=timezone.now(), **arguments,
    )  # fmt: skip
