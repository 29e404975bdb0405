from django.urls import path

from realtime.api import board, cases, events, figures, months, planned

urlpatterns = [
    path("events/", events.Events.as_view(), name="realtime-events"),
    path("figures/", figures.Figures.as_view(), name="realtime-figures"),
    path("cases/", cases.Cases.as_view(), name="realtime-cases"),
    path("months/", months.Months.as_view(), name="realtime-months"),
    path("planned/", planned.Planned.as_view(), name="realtime-planned"),
    path("board/", board.Board.as_view(), name="realtime-board"),
    path("board/stream/", board.BoardStream.as_view(), name="realtime-board-stream"),
]
