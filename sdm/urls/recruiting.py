from django.urls import URLPattern, URLResolver, path

from sdm.views import candidate_import, candidates, recruiting

urlpatterns: list[URLPattern | URLResolver] = [
    path("recruiting/", recruiting.recruitments, name="recruitments"),
    path("recruiting/new/", recruiting.recruitment_new, name="recruitment_new"),
    path("recruiting/pipeline/", recruiting.pipeline, name="pipeline"),
    path("recruiting/<int:pk>/", recruiting.recruitment, name="recruitment"),
    path("recruiting/<int:pk>/candidates/new/", candidates.candidate_new, name="candidate_new"),
    path("recruiting/<int:pk>/<slug:transition>/", recruiting.recruitment_step, name="recruitment_step"),
    path("candidates/", candidates.candidates, name="candidates"),
    candidate_import.WIZARD.at("candidates/import/"),
    path("candidates/<int:pk>/", candidates.candidate, name="candidate"),
    path("candidates/<int:pk>/edit/", candidates.candidate_edit, name="candidate_edit"),
    path("candidates/<int:pk>/nik/", candidates.candidate_nik, name="candidate_nik"),
    path("candidates/<int:pk>/criteria/<int:criterion>/", candidates.criterion_waive, name="criterion_waive"),
    path("candidates/<int:pk>/<slug:transition>/", candidates.candidate_step, name="candidate_step"),
]
