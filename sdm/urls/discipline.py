from django.urls import URLPattern, URLResolver, path

from sdm.views import discipline, discipline_overview, row_imports

urlpatterns: list[URLPattern | URLResolver] = [
    path("discipline/", discipline.cases, name="discipline"),
    path("discipline/overview/", discipline_overview.overview, name="discipline_overview"),
    row_imports.LETTERS.at("discipline/letters/import/"),
    path("discipline/new/", discipline.case_new, name="discipline_new"),
    path("discipline/documents/<int:pk>/", discipline.document, name="discipline_document"),
    path("discipline/letters/<int:pk>/withdraw/", discipline.warning_withdraw, name="discipline_withdraw"),
    path("discipline/<int:pk>/", discipline.case, name="discipline_case"),
    path("discipline/<int:pk>/monitoring/", discipline.monitoring, name="discipline_monitoring"),
    path("discipline/<int:pk>/<slug:transition>/", discipline.case_step, name="discipline_step"),
]
