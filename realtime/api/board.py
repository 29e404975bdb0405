"""GET /api/v1/realtime/board/ and its stream: who should be working now, and what they do (RTM-5)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from occ.api.endpoints import user_of
from realtime.choices import Activity, AgentState, AuxReason
from realtime.floorwatch.adherence import Adherence
from realtime.floorwatch.audience import audience_or_404
from realtime.floorwatch.board import snapshot_now
from realtime.floorwatch.hub import stream
from realtime.floorwatch.rows import NEEDS
from realtime.floorwatch.tickets import ticket_for


class ShiftOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class AuxOutput(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(AuxReason.choices)
    used_seconds = serializers.IntegerField(help_text="in ended spells; the present one goes on since `since`")
    allowed_seconds = serializers.IntegerField()


class BoardRow(serializers.Serializer[Any]):
    id = serializers.CharField()
    person = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    number = serializers.CharField()
    site = serializers.CharField()
    team = serializers.CharField()
    channel = serializers.CharField()
    shift = ShiftOutput(allow_null=True)
    activity = serializers.ChoiceField([("", "outside the shift"), *Activity.choices])
    activity_until = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(AgentState.choices)
    reason = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField(help_text="too old to be taken for what is: heard last at `heard_at`")
    heard_at = serializers.DateTimeField(required=False)
    adherence = serializers.ChoiceField(Adherence.choices)
    need = serializers.ChoiceField([(one, one) for one in NEEDS], help_text="what needs a person first comes first")
    late_minutes = serializers.IntegerField()
    early_minutes = serializers.IntegerField()
    aux_over = serializers.BooleanField(help_text="an allowance of this shift is used up, also when AUX has ended")
    aux = AuxOutput(many=True)


class FeedOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class BoardOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    sources = FeedOutput(many=True)
    rows = BoardRow(many=True)


class Board(APIView):
    @extend_schema(operation_id="realtime_board", responses=BoardOutput)
    def get(self, request: Request) -> HttpResponse:
        """All whom the user sees on the floor, this moment."""
        body = snapshot_now(audience_or_404(user_of(request)))
        return HttpResponse(body, content_type="application/json")


class BoardStream(APIView):
    # A browser asks for text/event-stream; a refusal is JSON all the same.
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return JSONRenderer(), "application/json"

    @extend_schema(
        operation_id="realtime_board_stream", responses={(200, "text/event-stream"): OpenApiTypes.OBJECT},
    )  # fmt: skip
    def get(self, request: Request) -> StreamingHttpResponse:
        """Server-sent events: `snapshot` (the whole board) at the beginning and when too much was missed, `delta`
        ({at, rows, gone, sources?}) with what changed, `ping` every ten seconds in which nothing did.

        It ends within a minute of a log-out or a change of roles, and while the database is away.
        """
        user = user_of(request)
        ticket = ticket_for(request, user, audience_or_404(user))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingHttpResponse(stream(ticket), content_type="text/event-stream", headers=headers)
