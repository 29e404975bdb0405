"""Events as JSON, or one a line (NDJSON): a line that is no JSON is that line's fault and nobody else's."""

from __future__ import annotations

import json
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from realtime.services.ingesting import MOST_EVENTS, Rejected


class EventsParser(JSONParser):
    """What no database can keep is that event's fault and nobody else's: it is looked for where each is judged."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error


class Lines(list[Any]):
    """The events of a request, and what was refused before anybody looked into it."""

    rejected: dict[int, Rejected]


class NDJSONParser(BaseParser):
    media_type = "application/x-ndjson"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Lines:  # type: ignore[override]
        found = Lines()
        found.rejected = {}
        try:
            text = stream.read().decode()
        except UnicodeDecodeError as error:
            raise ParseError(_("The lines are not UTF-8.")) from error
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > MOST_EVENTS:
            raise ParseError(_("More than %(most)s events in one request.") % {"most": MOST_EVENTS})
        for index, line in enumerate(lines):
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError):
                found.append(None)
                found.rejected[index] = Rejected(index, "invalid_json", _("This line is no JSON."))
        return found
