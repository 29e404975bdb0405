"""One file an area; all share the app's namespace."""

from realtime.urls import attendance, figures, floor, forecasts, rosters, rotg

app_name = "realtime"
urlpatterns = [
    *floor.urlpatterns, *rosters.urlpatterns, *figures.urlpatterns, *attendance.urlpatterns, *forecasts.urlpatterns,
    *rotg.urlpatterns,
]  # fmt: skip
