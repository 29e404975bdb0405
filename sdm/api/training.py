"""/api/v1/sdm/training/: batches, participants with results and samples, and the steps of a training (SDM-4)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
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
from occ.people.models import Site
from occ.people.scope import has_role
from sdm.models import TRAINING_READERS, Participant, RecordingSample, TrainingBatch
from sdm.services import training
from sdm.training.choices import SCORED, TrainingStatus
from sdm.training.workflow import AT_STAGE, HR, TRAINERS, TRAINING, VALIDATORS


class BatchQuery(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    open = serializers.BooleanField(required=False, allow_null=True, default=None)


class TrainingBatchInput(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, help_text="code")
    code = serializers.CharField(max_length=30)
    title = serializers.CharField(max_length=120)
    starts_on = DayField()


class TrainingBatchOutput(serializers.ModelSerializer[TrainingBatch]):
    site = serializers.CharField(source="site.code")

    class Meta:
        model = TrainingBatch
        fields = ["id", "site", "code", "title", "starts_on", "created_at", "closed_at"]


class ParticipantQuery(serializers.Serializer[Any]):
    batch = serializers.CharField(max_length=30, required=False, help_text="code")
    status = serializers.ChoiceField(TrainingStatus.choices, required=False)


class TrainingParticipantInput(serializers.Serializer[Any]):
    """An employee by number in `employee`, or a candidate by name and perhaps number."""

    batch = serializers.CharField(max_length=30, help_text="code")
    employee = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    number = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")


class TrainingResultOutput(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(TrainingStatus.choices)
    attempt = serializers.IntegerField()
    pre_score = serializers.FloatField(allow_null=True)
    score = serializers.FloatField(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    recorded_at = serializers.DateTimeField()


class TrainingSampleOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    attempt = serializers.IntegerField()
    taken_on = serializers.DateField()
    score = serializers.FloatField(allow_null=True)
    remark = serializers.CharField(allow_blank=True)
    scored_at = serializers.DateTimeField(allow_null=True)


class TrainingParticipantOutput(serializers.ModelSerializer[Participant]):
    batch = serializers.CharField(source="batch.code")
    site = serializers.CharField(source="site.code")
    status = serializers.ChoiceField(TrainingStatus.choices)
    employee = serializers.SerializerMethodField(help_text="employee number; null for a candidate")
    results = TrainingResultOutput(many=True)
    samples = TrainingSampleOutput(many=True)

    class Meta:
        model = Participant
        fields = ["id", "batch", "site", "name", "number", "employee", "status", "attempt", "join_on", "out_reason",
                  "ended_at", "results", "samples"]  # fmt: skip

    def get_employee(self, one: Participant) -> str | None:
        return one.person.number if one.person else None


class TrainingResultInput(serializers.Serializer[Any]):
    participant = serializers.IntegerField(min_value=1, max_value=2**62)
    score = serializers.DecimalField(7, 2, required=False, allow_null=True, default=None, min_value=0, max_value=100)
    pre_score = serializers.DecimalField(
        7, 2, required=False, allow_null=True, default=None, min_value=0, max_value=100
    )
    note = serializers.CharField(max_length=training.NOTE, required=False, allow_blank=True, default="")


class TrainingResultsInput(serializers.Serializer[Any]):
    batch = serializers.CharField(max_length=30, help_text="code")
    stage = serializers.ChoiceField([(one.value, one.label) for one in SCORED])
    results = TrainingResultInput(many=True, allow_empty=False)


class TrainingSampleInput(serializers.Serializer[Any]):
    reference = serializers.CharField(max_length=120)
    taken_on = DayField()


class TrainingSampleScoreInput(serializers.Serializer[Any]):
    score = serializers.DecimalField(7, 2, min_value=0, max_value=100)
    remark = serializers.CharField(max_length=training.REMARK, required=False, allow_blank=True, default="")


class TrainingStepInput(serializers.Serializer[Any]):
    """`note` for every step; `join_on` for accept."""

    note = serializers.CharField(max_length=training.WHY, required=False, allow_blank=True, default="")
    join_on = DayField(required=False)


def said(found: Any, *, many: bool = False) -> Any:
    return TrainingParticipantOutput(found, many=many).data


def rows_of(user: Any) -> Any:
    rows = Participant.objects.visible_to(user).select_related("batch", "site", "person")
    return rows.prefetch_related("results", "samples")


def batch_of(user: Any, code: str) -> TrainingBatch:
    found: TrainingBatch | None = TrainingBatch.objects.visible_to(user).filter(code=code.upper()).first()
    if found is None:
        raise Invalid(_("There is no such batch."), field="batch", code="unknown_batch")
    return found


class Batches(APIView):
    @extend_schema(
        operation_id="sdm_training_batches", parameters=[BatchQuery, AFTER, SIZE],
        responses=paged("TrainingBatchPage", TrainingBatchOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        user, asked = user_of(request), query_of(request, BatchQuery)
        if not has_role(user, TRAINING_READERS):
            raise NotAllowed
        rows = TrainingBatch.objects.visible_to(user).select_related("site")
        if (site := asked.get("site")) is not None:
            rows = rows.filter(site__code=site)
        if asked["open"] is not None:
            rows = rows.filter(closed_at__isnull=asked["open"])
        return page(request, rows, lambda found: TrainingBatchOutput(found, many=True).data)

    @extend_schema(
        operation_id="sdm_training_batch_open",
        parameters=[KEY],
        request=TrainingBatchInput,
        responses={201: TrainingBatchOutput},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        user = user_of(request)
        if not has_role(user, HR):
            raise NotAllowed
        given = TrainingBatchInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        site = Site.objects.filter(code=data.pop("site")).first()
        if site is None:
            raise Invalid(_("There is no such site."), field="site")
        made = training.batch_open(site=site, actor=user, now=timezone.now(), **data)
        return Response(TrainingBatchOutput(made).data, status=201)


class Participants(APIView):
    @extend_schema(
        operation_id="sdm_training_participants", parameters=[ParticipantQuery, AFTER, SIZE],
        responses=paged("TrainingParticipantPage", TrainingParticipantOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Participants of the batches that one may see, and oneself."""
        asked = query_of(request, ParticipantQuery)
        wanted = {"batch__code": asked.get("batch"), "status": asked.get("status")}
        rows = rows_of(user_of(request)).filter(**{name: one for name, one in wanted.items() if one is not None})
        return page(request, rows, lambda found: said(found, many=True))

    @extend_schema(
        operation_id="sdm_training_participant_add", parameters=[KEY], request=TrainingParticipantInput,
        responses={201: TrainingParticipantOutput},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        user = user_of(request)
        if not has_role(user, training.ADDERS):
            raise NotAllowed
        given = TrainingParticipantInput(data=request.data)
        given.is_valid(raise_exception=True)
        data, person = given.validated_data, None
        if data["employee"]:
            person = training.people_to_train(user).filter(number=data["employee"]).first()
            if person is None:
                says = _("There is no employee with this number.")
                raise Invalid(says, field="employee", code="unknown_employee")
        made = training.participant_add(
            batch_id=batch_of(user, data["batch"]).pk, name=data["name"], number=data["number"], person=person,
            actor=user, now=timezone.now(),
        )  # fmt: skip
        return Response(said(made), status=201)


class ParticipantDetail(APIView):
    @extend_schema(operation_id="sdm_training_participant", responses=TrainingParticipantOutput)
    def get(self, request: Request, pk: int) -> Response:
        return Response(said(get_visible(Participant, user_of(request), pk)))


class Results(APIView):
    @extend_schema(
        operation_id="sdm_training_results", parameters=[KEY], request=TrainingResultsInput,
        responses={200: TrainingParticipantOutput(many=True)},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Enter the results of a stage for participants who stand at it: all of them or none."""
        user = user_of(request)
        if not has_role(user, {role for stage in SCORED for role in AT_STAGE[stage]}):
            raise NotAllowed
        given = TrainingResultsInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        batch = batch_of(user, data["batch"])
        rows = [training.Scored(one["participant"], one["score"], one["pre_score"], one["note"])
                for one in data["results"]]  # fmt: skip
        training.results_record(batch_id=batch.pk, stage=data["stage"], rows=rows, actor=user, now=timezone.now())
        ids = [one.participant_id for one in rows]
        return Response(said(rows_of(user).filter(pk__in=ids).order_by("pk"), many=True))


class Samples(APIView):
    @extend_schema(
        operation_id="sdm_training_sample_add",
        parameters=[KEY],
        request=TrainingSampleInput,
        responses={201: TrainingSampleOutput},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """A recording of the active tandem, by its id."""
        user = user_of(request)
        found = get_visible(Participant, user, pk)
        if not has_role(user, TRAINERS, site=found.site):
            raise NotAllowed
        given = TrainingSampleInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = training.sample_add(participant_id=pk, actor=user, now=timezone.now(), **given.validated_data)
        return Response(TrainingSampleOutput(made).data, status=201)


class SampleScore(APIView):
    @extend_schema(
        operation_id="sdm_training_sample_score",
        parameters=[KEY],
        request=TrainingSampleScoreInput,
        responses=TrainingSampleOutput,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """QC validates a sample."""
        user = user_of(request)
        found = get_visible(RecordingSample, user, pk)
        if not has_role(user, VALIDATORS, site=found.participant.site):
            raise NotAllowed
        given = TrainingSampleScoreInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = training.sample_score(sample_id=pk, actor=user, now=timezone.now(), **given.validated_data)
        return Response(TrainingSampleOutput(made).data)


class ParticipantTransition(APIView):
    @extend_schema(
        operation_id="sdm_training_transition", request=TrainingStepInput, responses=TrainingParticipantOutput,
        parameters=[KEY, OpenApiParameter("transition", str, OpenApiParameter.PATH)],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a step: softskill, hardskill, softskill_pass, tested, observed, practised, validated, recapped, accept,
        repeat, reject, withdraw."""
        user = user_of(request)
        found = get_visible(Participant, user, pk)
        if transition not in training.TRANSITIONS:
            raise Http404
        if not TRAINING.find(transition).open_to(user, found.site):
            raise NotAllowed
        given = TrainingStepInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        if transition == "accept" and "join_on" not in data:
            raise Invalid(_("Fill this in."), field="join_on")
        if transition != "accept":
            data.pop("join_on", None)
        with transaction.atomic():
            training.TRANSITIONS[transition](participant_id=pk, actor=user, now=timezone.now(), **data)
        return Response(said(rows_of(user).get(pk=pk)))
