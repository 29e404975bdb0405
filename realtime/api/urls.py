from django.urls import path

from realtime.api import (
    attendance,
    board,
    cases,
    events,
    figures,
    forecasts,
    months,
    planned,
    report_imports,
    violations,
)

urlpatterns = [
    path("attendance/", attendance.Attendance.as_view(), name="realtime-attendance"),
    path("events/", events.Events.as_view(), name="realtime-events"),
    path("figures/", figures.Figures.as_view(), name="realtime-figures"),
    path("forecasts/", forecasts.Forecasts.as_view(), name="realtime-forecasts"),
    path("cases/", cases.Cases.as_view(), name="realtime-cases"),
    path("imports/", report_imports.Imports.as_view(), name="realtime-imports"),
    path("imports/<int:pk>/withdraw/", report_imports.ImportWithdraw.as_view(), name="realtime-import-withdraw"),
    path("months/", months.Months.as_view(), name="realtime-months"),
    path("planned/", planned.Planned.as_view(), name="realtime-planned"),
    path("violations/", violations.Violations.as_view(), name="realtime-violations"),
    path("board/", board.Board.as_view(), name="realtime-board"),
    path("board/stream/", board.BoardStream.as_view(), name="realtime-board-stream"),
]
