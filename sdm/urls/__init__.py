"""One file an area; all share the app's namespace."""

from django.urls import URLPattern, URLResolver

from sdm.urls import (
    absence,
    contracts,
    discipline,
    evaluating,
    leavings,
    overview,
    people,
    positions,
    recruiting,
    training,
)

app_name = "sdm"
urlpatterns: list[URLPattern | URLResolver] = [*people.urlpatterns, *leavings.urlpatterns]
urlpatterns += [*discipline.urlpatterns, *training.urlpatterns]
urlpatterns += [*positions.urlpatterns, *recruiting.urlpatterns]
urlpatterns += [*evaluating.urlpatterns, *contracts.urlpatterns]
urlpatterns += [*absence.urlpatterns, *overview.urlpatterns]
