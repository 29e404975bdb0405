from django.urls import path

from userids.views import (
    accounts,
    dashboard,
    deactivations,
    documents,
    findings,
    imports,
    reconciliations,
    replacements,
    resignations,
)

app_name = "userids"


urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/new/", accounts.account_new, name="account_new"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
    path("accounts/<int:pk>/edit/", accounts.account_edit, name="account_edit"),
    path("resignations/", resignations.resignations, name="resignations"),
    path("resignations/new/", resignations.resignation_new, name="resignation_new"),
    path("resignations/bulk/", resignations.resignations_bulk, name="resignations_bulk"),
    path("resignations/<int:pk>/", resignations.resignation, name="resignation"),
    path("resignations/<int:pk>/move/", resignations.resignation_move, name="resignation_move"),
    path("resignations/<int:pk>/withdraw/", resignations.resignation_withdraw, name="resignation_withdraw"),
    path("deactivations/", deactivations.deactivations, name="deactivations"),
    path("deactivations/<int:pk>/", deactivations.deactivation, name="deactivation"),
    path("deactivations/<int:pk>/<slug:transition>/", deactivations.deactivation_step, name="deactivation_step"),
    path("breaches/", deactivations.breaches, name="breaches"),
    path("replacements/", replacements.replacements, name="replacements"),
    path("replacements/new/", replacements.replacement_new, name="replacement_new"),
    path("replacements/<int:pk>/", replacements.replacement, name="replacement"),
    path("replacements/<int:pk>/<slug:transition>/", replacements.replacement_step, name="replacement_step"),
    path("import/", imports.upload, name="import"),
    path("import/<uuid:pk>/", imports.preview, name="import_preview"),
    path("import/<uuid:pk>/apply/", imports.apply, name="import_apply"),
    path("import/<uuid:pk>/faulty/", imports.faulty, name="import_faulty"),
    path("reconciliations/", reconciliations.reconciliations, name="reconciliations"),
    path("reconciliations/new/", reconciliations.reconciliation_new, name="reconciliation_new"),
    path("reconciliations/jobs/<uuid:pk>/", reconciliations.reconciliation_job, name="reconciliation_job"),
    path(
        "reconciliations/jobs/<uuid:pk>/confirm/",
        reconciliations.reconciliation_confirm,
        name="reconciliation_confirm",
    ),
    path("reconciliations/pull/<int:pk>/", reconciliations.reconciliation_pull, name="reconciliation_pull"),
    path("reconciliations/<int:pk>/", reconciliations.reconciliation, name="reconciliation"),
    path("findings/", findings.findings, name="findings"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/<slug:transition>/", findings.finding_step, name="finding_step"),
    path("logbook/issue/", documents.issue, name="logbook_issue"),
]
