"""/api/v1/retention/register/, entries/ and compliance/ (RET-11, RET-14, RET-15)."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, paged, query_of, user_of
from occ.api.fields import DayField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid, NotAllowed
from occ.people.access import get_visible
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import site_filter
from retention.choices import Medium, RecordKind, RegisterKind, RegisterStatus
from retention.models import Entry, MonthFigures, RegisterLine
from retention.models.compliance import COUNTED
from retention.personal import CATALOGUE_READERS
from retention.services import register as services


class RegisterLineSerializer(serializers.ModelSerializer[RegisterLine]):
    site = serializers.CharField(source="site.code", default=None, allow_null=True)
    may_be_disposed_of = serializers.SerializerMethodField()

    class Meta:
        model = RegisterLine
        fields = [
            "key", "kind", "number", "title", "site", "issued_on", "expires_on", "destroyed_on", "owner_role", "place",
            "medium", "status", "may_be_disposed_of",
        ]  # fmt: skip

    def get_may_be_disposed_of(self, line: RegisterLine) -> bool:
        return line.status != RegisterStatus.DESTROYED and line.expires_on < timezone.localdate()


class RegisterQuery(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(RegisterKind.choices, required=False)
    status = serializers.ChoiceField(RegisterStatus.choices, required=False)
    site = serializers.CharField(required=False, max_length=10)
    expired = serializers.BooleanField(required=False, allow_null=True, default=None)


class Register(APIView):
    @extend_schema(
        operation_id="retention_register", responses=paged("RegisterPage", RegisterLineSerializer),
        parameters=[RegisterQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Every document that was issued, backed up or entered by hand."""
        asked = query_of(request, RegisterQuery)
        wanted = asked.pop("expired")
        if "site" in asked:
            asked["site__code"] = asked.pop("site")
        rows = RegisterLine.objects.visible_to(user_of(request)).select_related("site").filter(**asked)
        if wanted is not None:
            over = RegisterLine.objects.expired(timezone.localdate()).values("pk")
            rows = rows.filter(pk__in=over) if wanted else rows.exclude(pk__in=over)
        return page(request, rows, lambda found: RegisterLineSerializer(found, many=True).data)


class EntrySerializer(serializers.ModelSerializer[Entry]):
    site = serializers.CharField(source="site.code")

    class Meta:
        model = Entry
        fields = [
            "id", "number", "title", "classification", "medium", "copies", "quantity", "site", "owner_role", "place",
            "issued_on", "expires_on", "destroyed_on", "status", "note", "entered_at",
        ]  # fmt: skip


class EntryInput(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=60)
    title = serializers.CharField(max_length=200)
    classification = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    medium = serializers.ChoiceField(Medium.choices)
    copies = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    quantity = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    site = serializers.CharField(max_length=10, help_text="code")
    owner_role = serializers.ChoiceField(Role.choices, required=False, default=Role.DOCUMENT_CONTROL)
    place = serializers.CharField(max_length=120)
    issued_on = DayField()
    expires_on = DayField()
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class EntryChangeInput(EntryInput):
    why = serializers.CharField(max_length=300)


def line_of(user: User, data: dict[str, Any]) -> services.Line:
    site = Site.objects.filter(site_filter(user, CATALOGUE_READERS, "pk"), code=data["site"]).first()
    if site is None:
        raise Invalid(_("There is no such site."), field="site", code="unknown_site")
    return services.Line(**{name: data[name] for name in services.FIELDS} | {"site": site})


class Entries(APIView):
    @extend_schema(
        operation_id="retention_entries", responses=paged("EntryPage", EntrySerializer), parameters=[AFTER, SIZE]
    )
    def get(self, request: Request) -> Response:
        rows = Entry.objects.visible_to(user_of(request)).select_related("site")
        return page(request, rows, lambda found: EntrySerializer(found, many=True).data)

    @extend_schema(
        operation_id="retention_entry_add", request=EntryInput, responses={201: EntrySerializer}, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Enter a hardcopy or softcopy document."""
        user = user_of(request)
        if not services.may_register(user):
            raise NotAllowed
        line = line_of(user, body_of(request, EntryInput))
        made = services.entry_add(line=line, actor=user, now=timezone.now())
        return Response(EntrySerializer(made).data, status=201)


class EntryDetail(APIView):
    @extend_schema(operation_id="retention_entry", responses=EntrySerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(EntrySerializer(get_visible(Entry, user_of(request), pk)).data)

    @extend_schema(operation_id="retention_entry_change", request=EntryChangeInput, responses=EntrySerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Put an entry right, with the reason."""
        user, found = user_of(request), get_visible(Entry, user_of(request), pk)
        if not services.may_register(user, found.site):
            raise NotAllowed
        data = body_of(request, EntryChangeInput)
        done = services.entry_change(
            entry_id=pk, line=line_of(user, data), why=data["why"], actor=user, now=timezone.now()
        )
        return Response(EntrySerializer(done).data)


class MonthSerializer(serializers.ModelSerializer[MonthFigures]):
    site = serializers.CharField(source="site.code")
    month = serializers.DateField(format="%Y-%m")

    class Meta:
        model = MonthFigures
        fields = ["id", "site", "kind", "month", *COUNTED, "counted_at"]


class MonthQuery(serializers.Serializer[Any]):
    site = serializers.CharField(required=False, max_length=10)
    kind = serializers.ChoiceField(RecordKind.choices, required=False)


class Compliance(APIView):
    @extend_schema(
        operation_id="retention_compliance", responses=paged("MonthPage", MonthSerializer),
        parameters=[MonthQuery, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """How many records of a month are kept, backed up, verified, overdue, held, proposed, approved, destroyed."""
        asked = query_of(request, MonthQuery)
        if "site" in asked:
            asked["site__code"] = asked.pop("site")
        rows = MonthFigures.objects.visible_to(user_of(request)).select_related("site").filter(**asked)
        return page(request, rows, lambda found: MonthSerializer(found, many=True).data)
