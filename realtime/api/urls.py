from django.urls import path

from realtime.api import board, events

urlpatterns = [
    path("events/", events.Events.as_view(), name="realtime-events"),
    path("board/", board.Board.as_view(), name="realtime-board"),
    path("board/stream/", board.BoardStream.as_view(), name="realtime-board-stream"),
]
