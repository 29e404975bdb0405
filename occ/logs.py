"""Log lines as JSON, one object a line, with the request or task they belong to and no personal data (KER-15)."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")


class JsonFormatter(logging.Formatter):
    """{"at", "level", "logger", "message", "request"?, "task"?, "error"?}; `extra={"data": {…}}` is kept as data."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := request_id.get():
            line["request"] = request
        if task := getattr(record, "task_id", None):
            line["task"] = task
        if data := getattr(record, "data", None):
            line["data"] = data
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
