"""One file an area; all share the app's namespace."""

from sdm.urls import contracts, discipline, evaluating, leavings, people, positions, recruiting, training

app_name = "sdm"
urlpatterns = [*people.urlpatterns, *leavings.urlpatterns]
urlpatterns += [*discipline.urlpatterns, *training.urlpatterns]
urlpatterns += [*positions.urlpatterns, *recruiting.urlpatterns]
urlpatterns += [*evaluating.urlpatterns, *contracts.urlpatterns]
