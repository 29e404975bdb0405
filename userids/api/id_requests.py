"""GET /api/v1/userids/id-requests/: user IDs that are asked for by the hiring, and the steps of one (SDM-3)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, paged, query_of, user_of
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid
from occ.people.access import get_visible
from userids.choices import IdRequestStatus
from userids.models import IdRequest
from userids.services.id_requests import TRANSITIONS


class Query(serializers.Serializer[Any]):
    status = serializers.ChoiceField(IdRequestStatus.choices, required=False)


class IdRequestOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    employee = serializers.CharField(source="person.number")
    name = serializers.CharField(source="person.name")
    site = serializers.CharField(source="site.code")
    status = serializers.ChoiceField(IdRequestStatus.choices)
    first_day = serializers.DateField()
    requested_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    user_id = serializers.CharField(source="account.user_id", allow_null=True, default=None)


class StepInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class IdRequests(APIView):
    @extend_schema(
        operation_id="userids_id_requests", responses=paged("IdRequestPage", IdRequestOutput),
        parameters=[Query, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = query_of(request, Query)
        rows = IdRequest.objects.visible_to(user_of(request)).select_related("person", "site", "account")
        if status := asked.get("status"):
            rows = rows.filter(status=status)
        return page(request, rows, lambda found: IdRequestOutput(found, many=True).data)


class IdRequestTransition(APIView):
    @extend_schema(
        operation_id="userids_id_request_transition", request=StepInput, responses=IdRequestOutput, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a step: give (once the logbook knows the ID), cancel."""
        user = user_of(request)
        found = get_visible(IdRequest, user, pk)
        service: Any = TRANSITIONS.get(transition)
        if service is None:
            raise Invalid(_("There is no such step."), field="transition", code="unknown_step")
        given = StepInput(data=request.data)
        given.is_valid(raise_exception=True)
        service(request_id=found.pk, actor=user, now=timezone.now(), **given.validated_data)
        rows = IdRequest.objects.select_related("person", "site", "account")
        return Response(IdRequestOutput(rows.get(pk=pk)).data)
