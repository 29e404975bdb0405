"""/api/v1/retention/findings/ and losses/: what checks found, keys tried again, backups given up (RET-6, RET-15)."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, paged, query_of, user_of
from occ.api.fields import SaidField
from occ.api.idempotency import idempotent, idempotent_after
from occ.api.paging import page
from occ.errors import NotAllowed
from occ.people.access import get_visible
from retention.batching.lists import finding_rows
from retention.batching.losses import loss_rows
from retention.models import Finding, Loss
from retention.services import findings as services
from retention.services import losing
from retention.workflow import FINDING


class DamageSerializer(serializers.ModelSerializer[Finding]):
    """`kind` and `status` as on the pages; `name`: the object in its store, the file at its source, masked, or whose
    key it is: the bag's, or bag#record. `proposed_by`, `confirmed_by`: a grave one is settled by two persons."""

    kind = serializers.CharField()
    status = serializers.CharField()
    site = serializers.CharField(source="site.code")
    detail = SaidField()
    store = serializers.CharField(source="store.code", default=None, allow_null=True)
    source = serializers.CharField(source="source.code", default=None, allow_null=True)  # type: ignore[assignment]

    bag = serializers.CharField(source="bag.identifier", default=None, allow_null=True)
    proposed_by = serializers.CharField(source="proposed_by.username", default=None, allow_null=True)
    confirmed_by = serializers.CharField(source="confirmed_by.username", default=None, allow_null=True)

    class Meta:
        model = Finding
        fields = [
            "id", "kind", "status", "name", "detail", "site", "store", "source", "bag", "record", "proposed_by",
            "confirmed_by", "found_at", "seen_at",
            "due_at", "settled_at",
        ]  # fmt: skip


class DamageQuery(serializers.Serializer[Any]):
    kind = serializers.CharField(required=False, max_length=14)
    status = serializers.CharField(required=False, max_length=10)
    site = serializers.CharField(required=False, max_length=10)


class TriedSerializer(serializers.Serializer[Any]):
    tried = serializers.IntegerField(help_text="keys that open; the packages are read again in the background")


class LossSerializer(serializers.ModelSerializer[Loss]):
    status = serializers.CharField()
    site = serializers.CharField(source="site.code")
    bag = serializers.CharField(source="bag.identifier")
    declared_by = serializers.CharField(source="declared_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)
    became = serializers.SerializerMethodField(help_text="records by their present state")

    class Meta:
        model = Loss
        fields = [
            "id", "number", "status", "site", "bag", "finding", "reason", "records_count", "bytes_count", "declared_by",
            "declared_at", "decided_by", "decided_at", "became",
        ]  # fmt: skip

    def get_became(self, loss: Loss) -> dict[str, int]:
        return losing.became(Loss.objects.filter(pk=loss.pk)).get(loss.pk, {})


class LossInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class DecisionInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=300)


class EvidenceInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=2000, help_text="what was done and what shows it")


class Damages(APIView):
    @extend_schema(
        operation_id="retention_findings", responses=paged("DamagePage", DamageSerializer),
        parameters=[DamageQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What checks of sources and stores found to be wrong."""
        asked = query_of(request, DamageQuery)
        if "site" in asked:
            asked["site__code"] = asked.pop("site")
        rows = finding_rows(user_of(request)).filter(**asked)
        return page(request, rows, lambda found: DamageSerializer(found, many=True).data)


class DamageDetail(APIView):
    @extend_schema(operation_id="retention_finding", responses=DamageSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(DamageSerializer(get_visible(Finding, user_of(request), pk)).data)


class DamageStep(APIView):
    """A step by hand; subclassed."""

    name = ""

    def made(self, request: Request, pk: int) -> Response:
        user, found = user_of(request), get_visible(Finding, user_of(request), pk)
        transition = FINDING.find(self.name)
        if not transition.open_to(user, found.site):
            raise NotAllowed
        given: Any = body_of(request, DecisionInput) if "note" in transition.needs else {
            "evidence": body_of(request, EvidenceInput)
        }  # fmt: skip
        services.TRANSITIONS[self.name](finding_id=pk, actor=user, now=timezone.now(), **given)
        return Response(DamageSerializer(get_visible(Finding, user, pk)).data)


class DamageResolve(DamageStep):
    name = "resolve"

    @extend_schema(
        operation_id="retention_finding_resolve", request=EvidenceInput, responses=DamageSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """It was put right, and no check can see it; a grave one is proposed."""
        return self.made(request, pk)


class DamagePropose(DamageStep):
    name = "propose"

    @extend_schema(
        operation_id="retention_finding_propose", request=EvidenceInput, responses=DamageSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Say that a grave one (damaged, missing, foreign, lost key) was put right; somebody else confirms it."""
        return self.made(request, pk)


class DamageConfirm(DamageStep):
    name = "confirm"

    @extend_schema(
        operation_id="retention_finding_confirm", request=DecisionInput, responses=DamageSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Confirm what somebody else said; 403 for who proposed it."""
        return self.made(request, pk)


class DamageRefuse(DamageStep):
    name = "refuse"

    @extend_schema(
        operation_id="retention_finding_refuse", request=DecisionInput, responses=DamageSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """It is not resolved: it stays open."""
        return self.made(request, pk)


def keys_of_finding(view: APIView, request: Request, pk: int) -> losing.Tried:
    found = get_visible(Finding, user_of(request), pk)
    return losing.finding_keys_tried(finding_id=found.pk, actor=user_of(request))


def keys_to_declare(view: APIView, request: Request, pk: int) -> losing.Tried:
    losing.may_declare(get_visible(Finding, user_of(request), pk), user_of(request))
    body_of(request, LossInput)
    return keys_of_finding(view, request, pk)


def keys_of_loss(view: APIView, request: Request, pk: int) -> losing.Tried:
    found = get_visible(Loss, user_of(request), pk)
    losing.may_decide(found, user_of(request))
    body_of(request, DecisionInput)
    return losing.loss_keys_tried(loss_id=found.pk, actor=user_of(request))


class KeysTry(APIView):
    @extend_schema(
        operation_id="retention_finding_try_keys", request=None, responses={202: TriedSerializer}, parameters=[KEY]
    )
    @idempotent_after(keys_of_finding)
    def post(self, request: Request, pk: int, looked: losing.Tried | None = None) -> Response:
        """Try the present keys; 409 `still_shut` says how many records still do not open."""
        tried = losing.finding_keys_try(finding_id=pk, actor=user_of(request), now=timezone.now(), looked=looked)
        return Response({"tried": tried}, status=202)


class LossDeclare(APIView):
    @extend_schema(
        operation_id="retention_finding_declare_lost", request=LossInput, responses={201: LossSerializer},
        parameters=[KEY],
    )  # fmt: skip
    @idempotent_after(keys_to_declare)
    def post(self, request: Request, pk: int, looked: losing.Tried | None = None) -> Response:
        """Declare lost what no key opens; a manager decides."""
        given = body_of(request, LossInput)
        made = losing.loss_declare(
            finding_id=pk, actor=user_of(request), now=timezone.now(), looked=looked, **given
        )  # fmt: skip
        return Response(LossSerializer(made).data, status=201)


class Losses(APIView):
    @extend_schema(
        operation_id="retention_losses", responses=paged("LossPage", LossSerializer), parameters=[AFTER, SIZE]
    )
    def get(self, request: Request) -> Response:
        rows = loss_rows(user_of(request))
        return page(request, rows, lambda found: LossSerializer(found, many=True).data)


class LossDetail(APIView):
    @extend_schema(operation_id="retention_loss", responses=LossSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(LossSerializer(get_visible(Loss, user_of(request), pk)).data)


class LossDecision(APIView):
    """Confirm and refuse; subclassed."""

    name = ""

    def made(self, request: Request, pk: int, **looked: Any) -> Response:
        found = get_visible(Loss, user_of(request), pk)
        losing.may_decide(found, user_of(request))
        given = body_of(request, DecisionInput)
        deed = losing.TRANSITIONS[self.name]
        done = deed(loss_id=found.pk, actor=user_of(request), now=timezone.now(), **given, **looked)
        done.refresh_from_db()
        return Response(LossSerializer(done).data)


class LossConfirm(LossDecision):
    name = "confirm"

    @extend_schema(
        operation_id="retention_loss_confirm", request=DecisionInput, responses=LossSerializer, parameters=[KEY]
    )
    @idempotent_after(keys_of_loss)
    def post(self, request: Request, pk: int, looked: losing.Tried | None = None) -> Response:
        """Its records are catalogued again and backed up anew while their source has them."""
        return self.made(request, pk, looked=looked)


class LossRefuse(LossDecision):
    name = "refuse"

    @extend_schema(
        operation_id="retention_loss_refuse", request=DecisionInput, responses=LossSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.made(request, pk)
