"""POST /api/v1/realtime/events/: what the Omni Channel application tells, one event or many (RTM-4)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import user_of
from occ.api.errors import shape
from occ.errors import Invalid
from realtime.api.parsing import EventsParser, Lines, NDJSONParser
from realtime.services.ingesting import MOST_EVENTS, Busy, events_take, must_send

AGAIN = "2"  # seconds


class EventInput(serializers.Serializer[Any]):
    """For the schema; each event is judged by realtime.services.ingesting, so that one bad one stops no other."""

    source = serializers.CharField(max_length=40)  # type: ignore[assignment]
    source_event_id = serializers.CharField(max_length=120)
    type = serializers.CharField(max_length=40)
    occurred_at = serializers.DateTimeField()
    seq = serializers.IntegerField(required=False)
    agent = serializers.CharField(max_length=80, required=False)
    site = serializers.CharField(max_length=10, required=False)
    channel = serializers.CharField(max_length=20, required=False)
    state = serializers.CharField(max_length=40, required=False)
    prev_state = serializers.CharField(max_length=40, required=False)
    reason = serializers.CharField(max_length=40, required=False)
    interaction_id = serializers.CharField(max_length=120, required=False)
    category = serializers.CharField(max_length=40, required=False)


class RejectedOutput(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()


class TakenOutput(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = RejectedOutput(many=True)


class Events(APIView):
    parser_classes = [EventsParser, NDJSONParser]

    @extend_schema(operation_id="realtime_events", request=EventInput(many=True), responses={202: TakenOutput})
    def post(self, request: Request) -> Response:
        """One event, a list of them, or one a line (application/x-ndjson). Each is taken or refused by itself.

        429 with Retry-After while too many wait to be worked in: nothing was kept then.
        """
        must_send(user_of(request))
        data = request.data
        events = [data] if isinstance(data, dict) else data
        if not isinstance(events, list) or not data:
            raise Invalid(_("Send an event, a list of events, or one event a line."))
        if len(events) > MOST_EVENTS:
            raise Invalid(_("More than %(most)s events in one request.") % {"most": MOST_EVENTS}, code="too_many")
        before = events.rejected if isinstance(events, Lines) else None
        try:
            taken = events_take(events=events, actor=user_of(request), now=timezone.now(), said_before=before)
        except Busy as busy:
            return Response(shape(busy.code, str(busy)), status=busy.status, headers={"Retry-After": AGAIN})
        rejected = [{"index": one.index, "code": one.code, "message": one.message} for one in taken.rejected]
        body = {"accepted": taken.accepted, "duplicates": taken.duplicates, "rejected": rejected}
        return Response(body, status=202)
