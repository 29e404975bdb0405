"""/api/v1/retention/: the catalogue, sources and stores; and applications that give their records in (RET-1, RET-15).

Customers are given in and never given out but masked: who may see them looks at the page, where it is noted.
"""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, paged, query_of, user_of
from occ.api.fields import DayField, InstantField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record as keep
from occ.people.access import get_visible
from occ.people.models import User
from occ.people.scope import has_role
from occ.times import JAKARTA, end_of_day, start_of_day
from retention.choices import Channel, RecordKind, RecordState
from retention.marks import id_of, masked, numbers_hidden, path_of
from retention.models import Record, RecordQuerySet, Source, Store
from retention.personal import KEEPERS
from retention.services.cataloguing import CREATED, KNOWN, REFUSED, Outcome, records_add
from retention.services.facts import Facts, checked, plain
from retention.services.filling import Filling, filling_of, store_fill_ask

MOST = 1_000
# A word of the language itself: no attribute can bear it.
FROM = "from"


class RecordSerializer(serializers.ModelSerializer[Record]):
    source = serializers.CharField(source="source.code")  # type: ignore[assignment]
    site = serializers.CharField(source="site.code")
    agent = serializers.SerializerMethodField(help_text="employee number, else what the source calls them")
    batch = serializers.SerializerMethodField(help_text="identifier, or null")
    external_id = serializers.SerializerMethodField(help_text="with the customer masked where it is part of it")
    customer = serializers.SerializerMethodField(help_text="masked")
    path = serializers.SerializerMethodField(
        help_text="with the customer masked where it is part of it; empty once it is destroyed"
    )

    class Meta:
        model = Record
        fields = [
            "id", "source", "external_id", "kind", "channel", "site", "agent", "started_at", "ended_at", "path", "size",
            "sha256", "state", "batch", "customer", "catalogued_at", "gone_at",
        ]  # fmt: skip

    def get_agent(self, record: Record) -> str:
        return record.agent.number if record.agent else record.agent_label

    def get_batch(self, record: Record) -> str | None:
        return record.batch.identifier if record.batch else None

    def get_external_id(self, record: Record) -> str:
        return id_of(record)

    def get_path(self, record: Record) -> str:
        return path_of(record)

    def get_customer(self, record: Record) -> str:
        return masked(record.customer)


class RecordQuery(serializers.Serializer[Any]):
    """Days are those of the conversation's end, both included."""

    site = serializers.CharField(required=False, max_length=10)
    kind = serializers.ChoiceField(RecordKind.choices, required=False)
    channel = serializers.ChoiceField(Channel.choices, required=False)
    agent = serializers.CharField(required=False, max_length=20, help_text="employee number")
    state = serializers.ChoiceField(RecordState.choices, required=False)
    q = serializers.CharField(required=False, max_length=120, help_text="how the ID begins")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields[FROM] = DayField(required=False)
        fields["to"] = DayField(required=False)
        return fields


class RecordInput(serializers.Serializer[Any]):
    """A conversation as its application knows it. `path`: below the source's address."""

    source = serializers.CharField(max_length=20, help_text="code")  # type: ignore[assignment]
    external_id = serializers.CharField(max_length=120)
    path = serializers.CharField(max_length=600)
    channel = serializers.ChoiceField(Channel.choices, required=False, help_text="else the source's")
    started_at = InstantField()
    ended_at = InstantField()
    agent = serializers.CharField(max_length=80, required=False, default="", allow_blank=True,
                                  help_text="employee number or e-mail")  # fmt: skip
    customer = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    size = serializers.IntegerField(min_value=0, max_value=2**62, required=False, default=0)
    sha256 = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)


class OutcomeSerializer(serializers.Serializer[Any]):
    """`outcome`: created, known (it is there, as given), refused (then code, message and field say why)."""

    index = serializers.IntegerField()
    outcome = serializers.ChoiceField([CREATED, KNOWN, REFUSED])
    id = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)


class GivenSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    known = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = OutcomeSerializer(many=True)


def seen(user: User) -> RecordQuerySet:
    return Record.objects.visible_to(user).select_related("site", "agent", "source", "batch__site")


def bounds(asked: dict[str, Any]) -> dict[str, datetime]:
    first: date | None = asked.pop(FROM, None)
    last: date | None = asked.pop("to", None)
    found = {}
    if first:
        found["ended_at__gte"] = start_of_day(first, JAKARTA)
    if last:
        found["ended_at__lt"] = end_of_day(last, JAKARTA)
    return found


LOOKUPS = {"site": "site__code", "agent": "agent__number"}


class Records(APIView):
    @extend_schema(
        operation_id="retention_records", responses=paged("RecordPage", RecordSerializer),
        parameters=[RecordQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The catalogue in the order in which conversations ended."""
        asked = query_of(request, RecordQuery)
        rows = seen(user_of(request)).filter(**bounds(asked))
        if text := asked.pop("q", ""):
            rows = rows.called(text)
        lookups: dict[str, Any] = asked
        rows = rows.filter(**{LOOKUPS.get(name, name): value for name, value in lookups.items()})
        return page(request, rows, lambda found: RecordSerializer(found, many=True).data, order="ended_at")

    @extend_schema(
        operation_id="retention_records_add", responses={200: GivenSerializer, 201: GivenSerializer}, parameters=[KEY],
        request=PolymorphicProxySerializer(
            component_name="RecordOrRecords", serializers=[RecordInput, RecordInput(many=True)],
            resource_type_field_name=None, many=False,
        ),
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Give in one record, or up to 1000. What is known already is no error; what is refused stops no other."""
        user, now = user_of(request), timezone.now()
        if not has_role(user, KEEPERS):
            raise NotAllowed
        given = request.data if isinstance(request.data, list) else [request.data]
        if not 1 <= len(given) <= MOST:
            raise Invalid(_("One request takes 1 to %(n)s records.") % {"n": MOST}, code="too_many")
        outcomes = records_given(user, given, now=now)
        counts = {what: sum(one.what == what for one in outcomes) for what in (CREATED, KNOWN, REFUSED)}
        results = [
            {"index": at, "outcome": one.what, "id": one.pk, "code": one.code,
             "message": numbers_hidden(one.message),
             "field": one.field}
            for at, one in enumerate(outcomes)
        ]  # fmt: skip
        return Response(counts | {"results": results}, status=201 if counts[CREATED] else 200)


def records_given(user: User, given: list[Any], *, now: datetime) -> list[Outcome]:
    """Each record judged by itself, then catalogued with its fellows of the same source."""
    outcomes: dict[int, Outcome] = {}
    by_source: dict[int, list[tuple[int, Facts]]] = {}
    sources: dict[str, Source | Outcome] = {}
    for at, one in enumerate(given):
        data = RecordInput(data=one)
        if not data.is_valid():
            outcomes[at] = faulty(data)
            continue
        values = data.validated_data
        code = values["source"]
        found = sources.setdefault(code, source_of(user, code))
        if isinstance(found, Outcome):
            outcomes[at] = found
            continue
        try:
            by_source.setdefault(found.pk, []).append((at, facts(values, found, now=now)))
        except Invalid as refusal:
            outcomes[at] = Outcome(REFUSED, None, refusal.code, str(refusal), refusal.field)
    for source in (one for one in sources.values() if isinstance(one, Source)):
        some = by_source.get(source.pk, [])
        found_of = records_add(source=source, facts=[fact for _at, fact in some], now=now)
        outcomes |= {at: outcome for (at, _fact), outcome in zip(some, found_of, strict=True)}
        counts = {what: sum(one.what == what for one in found_of) for what in (CREATED, KNOWN, REFUSED)}
        keep(actor=user, action="records.given", subject=source, data=counts, now=now, site=source.site)
    return [outcomes[at] for at in range(len(given))]


def faulty(data: RecordInput) -> Outcome:
    field, errors = next(iter(data.errors.items())) if isinstance(data.errors, dict) else ("", data.errors)
    first = errors[0] if isinstance(errors, list) and errors else errors
    return Outcome(REFUSED, None, str(getattr(first, "code", "invalid")), str(first),
                   None if field in ("", "non_field_errors") else field)  # fmt: skip


def source_of(user: User, code: str) -> Source | Outcome:
    """A source that the caller may give records to; none and a foreign one look the same."""
    source = Source.objects.visible_to(user).select_related("site").filter(code=code).first()
    if source is None or not has_role(user, KEEPERS, site=source.site):
        return Outcome(REFUSED, None, "unknown_source", _("There is no such source."), "source")
    if not source.active:
        return Outcome(REFUSED, None, "inactive_source", _("This source is not in use."), "source")
    return source


def facts(values: dict[str, Any], source: Source, *, now: datetime) -> Facts:
    """Raises Invalid."""
    for name in ("external_id", "agent", "customer"):
        if not plain(values[name]):
            raise Invalid(_("%(name)s holds characters that cannot be kept.") % {"name": name}, field=name)
    channel = values.get("channel") or source.channel
    if not channel:
        raise Invalid(_("On which channel is not said, neither here nor by the source."), field="channel")
    plainly = {name: values[name] for name in ("external_id", "path", "started_at", "ended_at", "size", "agent",
                                               "customer")}  # fmt: skip
    return checked(Facts(channel=channel, sha256=values["sha256"].lower(), **plainly), now=now)


class RecordDetail(APIView):
    @extend_schema(operation_id="retention_record", responses=RecordSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(RecordSerializer(get_visible(Record, user_of(request), pk)).data)


class SourceSerializer(serializers.ModelSerializer[Source]):
    site = serializers.CharField(source="site.code")
    holds = serializers.CharField(source="record_kind")

    class Meta:
        model = Source
        fields = [
            "id", "code", "name", "kind", "url", "holds", "site", "channel", "client", "active", "may_delete",
            "scan_every_hours", "scanned_at",
        ]  # fmt: skip


class StoreSerializer(serializers.ModelSerializer[Store]):
    class Meta:
        model = Store
        fields = ["id", "code", "name", "kind", "url", "active", "lock_days"]


class StoreDetailSerializer(StoreSerializer):
    """`packages`: what it should hold; `missing`: of those, what is still to be copied into it."""

    packages = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField()
    missing_bytes = serializers.SerializerMethodField()
    stopped_by = serializers.SerializerMethodField(help_text="why the copying does not go on; empty: nothing does")

    class Meta(StoreSerializer.Meta):
        fields = [*StoreSerializer.Meta.fields, "packages", "missing", "missing_bytes", "stopped_by"]

    def get_packages(self, store: Store) -> int:
        return self._filling(store).packages

    def get_missing(self, store: Store) -> int:
        return self._filling(store).missing

    def get_missing_bytes(self, store: Store) -> int:
        return self._filling(store).missing_bytes

    def get_stopped_by(self, store: Store) -> str:
        found = self._filling(store)
        return found.check.note if found.check is not None and found.at_work else ""

    def _filling(self, store: Store) -> Filling:
        if (found := getattr(store, "filling", None)) is None:
            found = store.filling = filling_of(store)  # type: ignore[attr-defined]
        return found


class Sources(APIView):
    @extend_schema(
        operation_id="retention_sources", responses=paged("SourcePage", SourceSerializer), parameters=[AFTER, SIZE]
    )
    def get(self, request: Request) -> Response:
        rows = Source.objects.visible_to(user_of(request)).select_related("site")
        return page(request, rows, lambda found: SourceSerializer(found, many=True).data)


class Stores(APIView):
    @extend_schema(
        operation_id="retention_stores", responses=paged("StorePage", StoreSerializer), parameters=[AFTER, SIZE]
    )
    def get(self, request: Request) -> Response:
        rows = Store.objects.visible_to(user_of(request))
        return page(request, rows, lambda found: StoreSerializer(found, many=True).data)


class StoreDetail(APIView):
    @extend_schema(operation_id="retention_store", responses=StoreDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(StoreDetailSerializer(get_visible(Store, user_of(request), pk)).data)


class StoreFill(APIView):
    @extend_schema(
        operation_id="retention_store_fill", request=None, responses={202: StoreDetailSerializer}, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Have copied now what the store lacks and others hold."""
        store = get_visible(Store, user_of(request), pk)
        store_fill_ask(store_id=pk, actor=user_of(request), now=timezone.now())
        return Response(StoreDetailSerializer(store).data, status=202)
