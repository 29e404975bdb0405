"""One file an area; all share the app's namespace."""

from sdm.urls import absence, leavings, overview, people

app_name = "sdm"
urlpatterns = [*people.urlpatterns, *leavings.urlpatterns, *absence.urlpatterns, *overview.urlpatterns]
