"""/api/v1/sdm/recruitments/ and /candidates/: requests for people, who applies, and every step of both (SDM-3).

Identifiers of candidates are written and, but for masked ends, never read here.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, paged, query_of, user_of
from occ.api.fields import DayField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid, NotAllowed
from occ.people.access import get_visible
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.processes import Stepping
from sdm.choices import EmploymentKind
from sdm.models import Candidate, Position, Recruitment
from sdm.models.recruiting import OVER
from sdm.personal import masked
from sdm.positions.choices import Education
from sdm.recruiting.choices import CandidateStatus, CriterionKind, Judgement, RequestStatus, Why
from sdm.recruiting.personal import CANDIDATE_READERS, OPERATION, REQUEST_READERS, masked_phone, reads_contact
from sdm.recruiting.stepping import REQUEST_STEPPING, stepping_for
from sdm.recruiting.workflow import RECRUIT
from sdm.services import candidates, recruitments


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(required=False, max_length=10)
    status = serializers.ChoiceField([("open", "open"), *RequestStatus.choices], required=False)


class CandidateQuery(serializers.Serializer[Any]):
    recruitment = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    status = serializers.ChoiceField(CandidateStatus.choices, required=False)


class RecruitmentOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    site = serializers.CharField(source="site.code")
    position = serializers.CharField(source="position.code")
    version = serializers.IntegerField(source="version.version", help_text="of the position's specification")
    status = serializers.ChoiceField(RequestStatus.choices)
    people = serializers.IntegerField()
    needed_by = serializers.DateField()
    kind = serializers.ChoiceField(EmploymentKind.choices)
    why = serializers.ChoiceField(Why.choices)
    explanation = serializers.CharField()
    requested_at = serializers.DateTimeField()
    since = serializers.DateTimeField(help_text="since when it stands there")
    due_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class StepTime(serializers.Serializer[Any]):
    state = serializers.ChoiceField(RequestStatus.choices)
    seconds = serializers.IntegerField()


class RecruitmentDetailOutput(RecruitmentOutput):
    times = StepTime(many=True)
    list_digest = serializers.CharField(help_text="of those who passed: what approve_list names")


class RecruitmentInput(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, help_text="code")
    position = serializers.CharField(max_length=40, help_text="code")
    people = serializers.IntegerField(min_value=1, max_value=500)
    needed_by = DayField()
    kind = serializers.ChoiceField(EmploymentKind.choices, default=EmploymentKind.PKWT)
    why = serializers.ChoiceField(Why.choices)
    explanation = serializers.CharField(max_length=1000)


class CriterionOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(CriterionKind.choices)
    asked = serializers.CharField()
    brought = serializers.CharField()
    outcome = serializers.ChoiceField(Judgement.choices)
    reason = serializers.CharField(help_text="why it is waived")


class CandidateOutput(serializers.Serializer[Any]):
    """`nik` and `phone` only for HR, and only their ends."""

    id = serializers.IntegerField()
    recruitment = serializers.IntegerField(source="recruitment_id")
    site = serializers.CharField(source="site.code")
    status = serializers.ChoiceField(CandidateStatus.choices)
    name = serializers.CharField(help_text="empty once anonymised")
    education = serializers.ChoiceField([("", "not known"), *Education.choices])
    experience_months = serializers.IntegerField()
    skills = serializers.ListField(child=serializers.CharField())
    criteria = CriterionOutput(many=True)
    training_score = serializers.IntegerField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    since = serializers.DateTimeField()
    employee = serializers.CharField(source="employee.number", allow_null=True, default=None)
    nik = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)

    def to_representation(self, instance: Candidate) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, one in self.fields.items():
            if name not in ("nik", "phone"):
                value = one.get_attribute(instance)
                found[name] = None if value is None else one.to_representation(value)
        if reads_contact(self.context["user"], instance.site):
            found |= {"nik": masked(instance.nik), "phone": masked_phone(instance.phone)}
        return found


class CandidateInput(serializers.Serializer[Any]):
    """There is no field for sex, looks or a picture: nothing of that is taken."""

    recruitment = serializers.IntegerField(min_value=1, max_value=2**31)
    name = serializers.CharField(max_length=120)
    nik = serializers.CharField(max_length=30, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    education = serializers.ChoiceField(Education.choices, required=False, allow_blank=True)
    study = serializers.CharField(max_length=80, required=False, allow_blank=True)
    experience_months = serializers.IntegerField(min_value=0, max_value=600, required=False)
    skills = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=30)
    origin = serializers.CharField(source="source", max_length=80, required=False, allow_blank=True)


class Fields(serializers.Serializer[Any]):
    """What the step asks for, as its form on the page does; `note` where a reason is needed."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError({"non_field_errors": [_("An object is needed.")]})
        return data


def make(stepping: Stepping, subject: Any, name: str, request: Request) -> None:
    """Make a step with the values of its form. Raises Invalid, NotAllowed, WrongState."""
    user = user_of(request)
    transition = next((one for one in stepping.flow.transitions if one.name == name and one.by_roles), None)
    if transition is None:
        raise Invalid(_("There is no such step."), field="transition", code="unknown_step")
    if not transition.open_to(user, subject.site) or name == "approve":
        raise NotAllowed
    given = Fields(data=request.data)
    given.is_valid(raise_exception=True)
    data = {key: value if isinstance(value, bool | None) else str(value) for key, value in given.validated_data.items()}
    form = stepping.form_for(subject, transition, data, None)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(str(errors[0]), field=None if field == "__all__" else field)
    stepping.make(subject, name, form.cleaned_data, actor=user, now=timezone.now())
    subject.refresh_from_db()


def detail(row: Recruitment) -> dict[str, Any]:
    found = dict(RecruitmentOutput(row).data)
    spans = recruitments.times_of(row, now=timezone.now())
    found["times"] = [{"state": state, "seconds": int(span.total_seconds())} for state, span in spans.items()]
    found["list_digest"] = recruitments.list_digest(row.pk)
    return found


def candidate_rows(user: User) -> Any:
    rows = Candidate.objects.visible_to(user).select_related("site", "recruitment__site", "employee")
    return rows.prefetch_related("criteria")


class Recruitments(APIView):
    @extend_schema(
        operation_id="sdm_recruitments", responses=paged("RecruitmentPage", RecruitmentOutput),
        parameters=[Query, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        user, asked = user_of(request), query_of(request, Query)
        if not has_role(user, REQUEST_READERS):
            raise NotAllowed
        rows = Recruitment.objects.visible_to(user).select_related("site", "position", "version")
        if site := asked.get("site"):
            rows = rows.filter(site__code=site)
        if status := asked.get("status"):
            rows = rows.exclude(status__in=OVER) if status == "open" else rows.filter(status=status)
        return page(request, rows, lambda found: RecruitmentOutput(found, many=True).data)

    @extend_schema(
        operation_id="sdm_recruitment_request", request=RecruitmentInput, responses={201: RecruitmentOutput},
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for people; the Form JO is issued."""
        user = user_of(request)
        if not has_role(user, OPERATION):
            raise NotAllowed
        given = RecruitmentInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        site = Site.objects.filter(code=data.pop("site")).first()
        position = Position.objects.filter(code=data.pop("position")).first()
        if site is None or site not in sites_for(user, OPERATION):
            raise Invalid(_("There is no such site."), field="site", code="unknown")
        if position is None:
            raise Invalid(_("There is no such position."), field="position", code="unknown")
        made = recruitments.recruitment_request(
            site=site, position=position, actor=user, now=timezone.now(), **data
        )  # fmt: skip
        return Response(RecruitmentOutput(made).data, status=201)


class RecruitmentDetail(APIView):
    @extend_schema(operation_id="sdm_recruitment", responses=RecruitmentDetailOutput)
    def get(self, request: Request, pk: int) -> Response:
        """One request, with the time that it stood at each step."""
        return Response(detail(get_visible(Recruitment, user_of(request), pk)))


class RecruitmentTransition(APIView):
    @extend_schema(
        operation_id="sdm_recruitment_transition", request=OpenApiTypes.OBJECT, responses=RecruitmentDetailOutput,
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a step: verify, send_back, approve_scheme, refuse_scheme, resubmit, submit_list, approve_list, …"""
        row = get_visible(Recruitment, user_of(request), pk)
        make(REQUEST_STEPPING, row, transition, request)
        return Response(detail(row))


class Candidates(APIView):
    @extend_schema(
        operation_id="sdm_candidates", responses=paged("CandidatePage", CandidateOutput),
        parameters=[CandidateQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        user, asked = user_of(request), query_of(request, CandidateQuery)
        if not has_role(user, CANDIDATE_READERS):
            raise NotAllowed
        rows = candidate_rows(user)
        if (key := asked.get("recruitment")) is not None:
            rows = rows.filter(recruitment_id=key)
        if status := asked.get("status"):
            rows = rows.filter(status=status)
        return page(request, rows, lambda found: CandidateOutput(found, many=True, context={"user": user}).data)

    @extend_schema(
        operation_id="sdm_candidate_add", request=CandidateInput, responses={201: CandidateOutput}, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Somebody applies for a request that is being recruited for; the criteria are judged at once."""
        user = user_of(request)
        if not has_role(user, RECRUIT):
            raise NotAllowed
        given = CandidateInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        row = Recruitment.objects.visible_to(user).filter(pk=data.pop("recruitment")).first()
        if row is None:
            raise Invalid(_("There is no such request."), field="recruitment", code="unknown")
        made = candidates.candidate_add(recruitment_id=row.pk, actor=user, now=timezone.now(), **data)
        return Response(shown(made.pk, user), status=201)


def shown(pk: int, user: User) -> Any:
    return CandidateOutput(candidate_rows(user).get(pk=pk), context={"user": user}).data


class CandidateDetail(APIView):
    @extend_schema(operation_id="sdm_candidate", responses=CandidateOutput)
    def get(self, request: Request, pk: int) -> Response:
        found = get_visible(Candidate, user_of(request), pk)
        return Response(shown(found.pk, user_of(request)))


class CandidateTransition(APIView):
    @extend_schema(
        operation_id="sdm_candidate_transition", request=OpenApiTypes.OBJECT, responses=CandidateOutput,
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a step: check, train, pass, fail, again, decline, contract, sign, hire, refuse, withdraw."""
        found = get_visible(Candidate, user_of(request), pk)
        make(stepping_for(user_of(request)), found, transition, request)
        return Response(shown(found.pk, user_of(request)))
