from django.urls import path

from userids.views import (
    access_reviews,
    accounts,
    breaches,
    dashboard,
    deactivations,
    documents,
    imports,
    others,
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
    path("accounts/<int:pk>/shut/", others.account_shut, name="account_shut"),
    path("accounts/<int:pk>/resume/", others.account_resume, name="account_resume"),
    path("resignations/", resignations.resignations, name="resignations"),
    path("resignations/new/", resignations.resignation_new, name="resignation_new"),
    path("resignations/bulk/", resignations.resignations_bulk, name="resignations_bulk"),
    path("resignations/<int:pk>/", resignations.resignation, name="resignation"),
    path("resignations/<int:pk>/move/", resignations.resignation_move, name="resignation_move"),
    path("resignations/<int:pk>/withdraw/", resignations.resignation_withdraw, name="resignation_withdraw"),
    path("deactivations/", deactivations.deactivations, name="deactivations"),
    path("deactivations/<int:pk>/", deactivations.deactivation, name="deactivation"),
    path("deactivations/<int:pk>/<slug:transition>/", deactivations.deactivation_step, name="deactivation_step"),
    path("breaches/", breaches.breaches, name="breaches"),
    path("breaches/<int:pk>/", breaches.breach_review, name="breach_review"),
    path("breaches/<int:pk>/<slug:transition>/", breaches.breach_review_step, name="breach_review_step"),
    path("access-reviews/", access_reviews.access_reviews, name="access_reviews"),
    path("access-reviews/<int:pk>/", access_reviews.access_review, name="access_review"),
    path("access-reviews/<int:pk>/decide/", access_reviews.access_review_decide, name="access_review_decide"),
    path("access-reviews/<int:pk>/close/", access_reviews.access_review_close, name="access_review_close"),
    path("replacements/", replacements.replacements, name="replacements"),
    path("replacements/new/", replacements.replacement_new, name="replacement_new"),
    path("replacements/<int:pk>/", replacements.replacement, name="replacement"),
    path("replacements/<int:pk>/<slug:transition>/", replacements.replacement_step, name="replacement_step"),
    path("import/", imports.upload, name="import"),
    path("import/<uuid:pk>/", imports.preview, name="import_preview"),
    path("import/<uuid:pk>/apply/", imports.apply, name="import_apply"),
    path("import/<uuid:pk>/faulty/", imports.faulty, name="import_faulty"),
    path("logbook/issue/", documents.issue, name="logbook_issue"),
]
