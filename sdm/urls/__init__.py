"""One file an area; all share the app's namespace."""

from sdm.urls import leavings, people, positions, recruiting

app_name = "sdm"
urlpatterns = [*people.urlpatterns, *leavings.urlpatterns]
urlpatterns += [*positions.urlpatterns, *recruiting.urlpatterns]
