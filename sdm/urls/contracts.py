from django.urls import URLPattern, URLResolver, path

from sdm.views import compensation_corrections as corrections
from sdm.views import compensations, contract_import, contracts, renewals, row_imports

urlpatterns: list[URLPattern | URLResolver] = [
    path("contracts/", contracts.contracts, name="contracts"),
    path("contracts/calendar/", contracts.calendar, name="contract_calendar"),
    path("contracts/report/", contracts.report, name="contract_report"),
    contract_import.WIZARD.at("contracts/import/"),
    path("renewals/", renewals.renewals, name="renewals"),
    path("renewals/<int:pk>/", renewals.renewal, name="renewal"),
    path("renewals/<int:pk>/<slug:transition>/", renewals.renewal_step, name="renewal_step"),
    row_imports.WAGES.at("wages/import/"),
    path("compensations/", compensations.compensations, name="compensations"),
    path("compensations/differences/", corrections.corrections, name="compensation_corrections"),
    path("compensations/differences/<int:pk>/", corrections.correction, name="compensation_correction"),
    path(
        "compensations/differences/<int:pk>/<slug:transition>/",
        corrections.correction_step,
        name="compensation_correction_step",
    ),
    path("compensations/<int:pk>/", compensations.compensation, name="compensation"),
    path("compensations/<int:pk>/<slug:transition>/", compensations.compensation_step, name="compensation_step"),
    path("people/<int:pk>/wages/", compensations.wages, name="wages"),
]
