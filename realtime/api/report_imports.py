"""GET /api/v1/realtime/imports/: what reports brought in; POST …/imports/<id>/withdraw/: one is taken back (RTM-4)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, paged, query_of, user_of
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import NotAllowed
from occ.people.access import get_visible
from occ.people.scope import has_role
from realtime.models import SOURCE_READERS, ReportImport
from realtime.services.ingesting import SENDERS
from realtime.services.report_imports import import_withdraw, may_withdraw, months_frozen


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)


class WithdrawInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class ImportOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    site = serializers.CharField()
    source_code = serializers.CharField()
    mapping = serializers.CharField(allow_null=True)
    file_name = serializers.CharField()
    rows = serializers.IntegerField()
    known = serializers.IntegerField(help_text="rows that were told before")
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    imported_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawn_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(help_text="why it was taken back", allow_blank=True)


COPIED = ("file_name", "rows", "known", "first_day", "last_day", "imported_at")


def said(one: ReportImport) -> dict[str, Any]:
    gone = getattr(one, "withdrawal", None)
    found = {
        "id": one.pk, "site": one.site.code, "source_code": one.source.code,
        "mapping": str(one.mapping) if one.mapping else None, "withdrawn_at": gone.at if gone else None,
        "withdrawn_by": str(gone.by) if gone else None, "reason": gone.reason if gone else "",
    } | {name: getattr(one, name) for name in COPIED}  # fmt: skip
    return dict(ImportOutput(found).data)


class Imports(APIView):
    @extend_schema(
        operation_id="realtime_imports", parameters=[Query, AFTER, SIZE], responses=paged("ImportsPage", ImportOutput)
    )
    def get(self, request: Request) -> Response:
        """Those of the sites that one may see."""
        user, asked = user_of(request), query_of(request, Query)
        if not has_role(user, SOURCE_READERS):
            raise NotAllowed
        rows = ReportImport.objects.visible_to(user).select_related("site", "source", "mapping", "withdrawal__by")
        if asked.get("site"):
            rows = rows.filter(site__code=asked["site"])
        return page(request, rows, lambda found: [said(one) for one in found])


class ImportWithdraw(APIView):
    @extend_schema(
        operation_id="realtime_import_withdraw", parameters=[KEY], request=WithdrawInput, responses=ImportOutput
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Take it back: what it brought is withdrawn and the figures are made anew; a frozen month stays as issued."""
        user, now = user_of(request), timezone.now()
        found = get_visible(ReportImport, user, pk)
        frozen = list(months_frozen(found.site, found.first_day, found.last_day))
        if not (may_withdraw(user, found, frozen) or has_role(user, SENDERS, site=found.site)):
            raise NotAllowed
        import_withdraw(import_id=pk, reason=body_of(request, WithdrawInput)["reason"], actor=user, now=now)
        return Response(said(ReportImport.objects.visible_to(user).get(pk=pk)))
