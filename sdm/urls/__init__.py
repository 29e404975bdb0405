"""One file an area; all share the app's namespace."""

from sdm.urls import discipline, leavings, people, training

app_name = "sdm"
urlpatterns = [*people.urlpatterns, *leavings.urlpatterns, *discipline.urlpatterns, *training.urlpatterns]
