from django.urls import URLPattern, path

from realtime.views import board, sources

app_name = "realtime"
urlpatterns: list[URLPattern] = [
    path("board/", board.board, name="board"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<int:pk>/", sources.source, name="source"),
    path("sources/<int:pk>/edit/", sources.source_edit, name="source_edit"),
    path("sources/<int:pk>/retry/", sources.source_retry, name="source_retry"),
]
