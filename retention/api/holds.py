"""/api/v1/retention/holds/: the same rows and services as the pages (RET-12, RET-15)."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, employee_of, paged, query_of, user_of
from occ.api.fields import DayField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid, NotAllowed
from occ.people.access import get_visible
from occ.people.models import Person, Site, User
from occ.people.scope import site_filter
from occ.times import local_day
from retention.choices import HoldReason, RecordKind
from retention.marks import id_of, masked
from retention.models import Hold, Record
from retention.personal import CATALOGUE_READERS, HOLDERS
from retention.services import holds


class HoldSerializer(serializers.ModelSerializer[Hold]):
    site = serializers.CharField(source="site.code")
    agent = serializers.CharField(source="agent.number", default=None, allow_null=True, help_text="employee number")
    customer = serializers.SerializerMethodField(help_text="masked")
    set_by = serializers.CharField(source="set_by.username")
    in_force = serializers.SerializerMethodField()

    class Meta:
        model = Hold
        fields = [
            "id", "number", "reason", "note", "site", "kind", "agent", "without_agent", "customer", "first_day",
            "last_day", "named", "until", "in_force", "set_by", "set_at", "lifted_at", "lifted_because",
        ]  # fmt: skip

    def get_customer(self, hold: Hold) -> str:
        return masked(hold.customer)

    def get_in_force(self, hold: Hold) -> bool:
        return hold.stands_on(local_day(timezone.now(), hold.site.zone))


class HoldInput(serializers.Serializer[Any]):
    """At least one of agent, customer, first_day, last_day, records."""

    site = serializers.CharField(max_length=10, help_text="code")
    reason = serializers.ChoiceField(HoldReason.choices)
    note = serializers.CharField(max_length=300)
    kind = serializers.ChoiceField(RecordKind.choices, required=False, allow_blank=True, default="")
    agent = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    without_agent = serializers.BooleanField(
        required=False, default=False, help_text="of the agent, also records whose agent nobody knew"
    )
    customer = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    first_day = DayField(required=False, allow_null=True, default=None)
    last_day = DayField(required=False, allow_null=True, default=None)
    records = serializers.ListField(
        child=serializers.CharField(max_length=120), required=False, allow_null=True, default=None,
        max_length=holds.MOST_NAMED, help_text="IDs at the source, or #12 for the record of that `id`: these only",
    )  # fmt: skip
    until = DayField(required=False, allow_null=True, default=None)


class WidenInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=300)


class ExtendInput(serializers.Serializer[Any]):
    until = DayField(allow_null=True, help_text="the new last day; null: until it is lifted")
    note = serializers.CharField(max_length=300)


class LiftInput(serializers.Serializer[Any]):
    because = serializers.CharField(max_length=300)


class HoldQuery(serializers.Serializer[Any]):
    site = serializers.CharField(required=False, max_length=10)
    in_force = serializers.BooleanField(required=False, allow_null=True, default=None)


class CoveredSerializer(serializers.ModelSerializer[Record]):
    source = serializers.CharField(source="source.code")  # type: ignore[assignment]
    site = serializers.CharField(source="site.code")
    external_id = serializers.SerializerMethodField(help_text="with the customer masked where it is part of it")

    class Meta:
        model = Record
        fields = ["id", "source", "external_id", "kind", "channel", "site", "started_at", "ended_at", "state"]

    def get_external_id(self, record: Record) -> str:
        return id_of(record)


def said(request: Request, found: Any, *, many: bool = False) -> Any:
    return HoldSerializer(found, many=many, context={"request": request}).data


class Holds(APIView):
    @extend_schema(
        operation_id="retention_holds", responses=paged("HoldPage", HoldSerializer),
        parameters=[HoldQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = query_of(request, HoldQuery)
        rows = Hold.objects.visible_to(user_of(request)).select_related("site", "agent", "set_by")
        if site := asked.get("site"):
            rows = rows.filter(site__code=site)
        if (wanted := asked["in_force"]) is not None:
            standing = Hold.objects.in_force(timezone.localdate()).values("pk")
            rows = rows.filter(pk__in=standing) if wanted else rows.exclude(pk__in=standing)
        return page(request, rows, lambda found: said(request, found, many=True))

    @extend_schema(
        operation_id="retention_hold_set", request=HoldInput, responses={201: HoldSerializer}, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Keep records from destruction, from now on."""
        user = user_of(request)
        if not holds.may_hold(user):
            raise NotAllowed
        data = body_of(request, HoldInput)
        made = holds.hold_set(
            scope=scope_of(user, data), reason=data["reason"], note=data["note"], until=data["until"], actor=user,
            now=timezone.now(),
        )  # fmt: skip
        return Response(said(request, made), status=201)


def scope_of(user: User, data: dict[str, Any]) -> holds.Scope:
    """Raises Invalid: an unknown site, agent or record."""
    site = Site.objects.filter(site_filter(user, CATALOGUE_READERS, "pk"), code=data["site"]).first()
    if site is None:
        raise Invalid(_("There is no such site."), field="site", code="unknown_site")
    agent = None
    if data["agent"]:
        agent = employee_of(Person.objects.filter(site_filter(user, HOLDERS)), data["agent"], field="agent")
    pks = None
    if data["records"] is not None:
        pks, unknown = holds.records_named(site=site, ids=data["records"])
        if unknown:
            words = _("%(n)s of these IDs are not known at this site: %(ids)s")
            some = ", ".join(one[:60] for one in unknown[:10])
            raise Invalid(words % {"n": len(unknown), "ids": some}, field="records", code="unknown_record")
    return holds.Scope(
        site=site, kind=data["kind"], agent=agent, without_agent=data["without_agent"], customer=data["customer"],
        first_day=data["first_day"], last_day=data["last_day"], records=pks,
    )  # fmt: skip


class HoldDetail(APIView):
    @extend_schema(operation_id="retention_hold", responses=HoldSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(said(request, get_visible(Hold, user_of(request), pk)))


class HoldRecords(APIView):
    @extend_schema(
        operation_id="retention_hold_records", responses=paged("CoveredPage", CoveredSerializer),
        parameters=[AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        """The records that it covers, as far as you see them; those destroyed before it are not."""
        hold = get_visible(Hold, user_of(request), pk)
        rows = holds.covered_by(hold).visible_to(user_of(request)).select_related("site", "source")
        return page(request, rows, lambda found: CoveredSerializer(found, many=True).data)


class HoldTransition(APIView):
    """Widen, extend and lift; subclassed."""

    name = ""

    def made(self, request: Request, pk: int, taken: type[serializers.Serializer[Any]]) -> Response:
        user, found = user_of(request), get_visible(Hold, user_of(request), pk)
        if not holds.may_hold(user, found.site):
            raise NotAllowed
        given = body_of(request, taken)
        deed: Any = {"widen": holds.hold_widen, "extend": holds.hold_extend, "lift": holds.hold_lift}[self.name]
        return Response(said(request, deed(hold_id=pk, actor=user, now=timezone.now(), **given)))


class HoldWiden(HoldTransition):
    name = "widen"

    @extend_schema(operation_id="retention_hold_widen", request=WidenInput, responses=HoldSerializer, parameters=[KEY])
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Let a hold on an agent cover records without an agent too."""
        return self.made(request, pk, WidenInput)


class HoldExtend(HoldTransition):
    name = "extend"

    @extend_schema(
        operation_id="retention_hold_extend", request=ExtendInput, responses=HoldSerializer, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.made(request, pk, ExtendInput)


class HoldLift(HoldTransition):
    name = "lift"

    @extend_schema(operation_id="retention_hold_lift", request=LiftInput, responses=HoldSerializer, parameters=[KEY])
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.made(request, pk, LiftInput)
