from django.urls import path

from userids.api import id_requests, reconciliations, views

urlpatterns = [
    path("accounts/", views.Accounts.as_view(), name="userids-accounts"),
    path("accounts/<int:pk>/", views.AccountDetail.as_view(), name="userids-account"),
    path("assignments/", views.Assignments.as_view(), name="userids-assignments"),
    path("resignations/", views.Resignations.as_view(), name="userids-resignations"),
    path("requests/", views.Deactivations.as_view(), name="userids-requests"),
    path("requests/<int:pk>/", views.DeactivationDetail.as_view(), name="userids-request"),
    path(
        "requests/<int:pk>/<slug:transition>/",
        views.DeactivationTransition.as_view(),
        name="userids-request-transition",
    ),
    path("id-requests/", id_requests.IdRequests.as_view(), name="userids-id-requests"),
    path(
        "id-requests/<int:pk>/<slug:transition>/",
        id_requests.IdRequestTransition.as_view(),
        name="userids-id-request-transition",
    ),
    path("replacements/", views.Replacements.as_view(), name="userids-replacements"),
    path("replacements/<int:pk>/", views.ReplacementDetail.as_view(), name="userids-replacement"),
    path(
        "replacements/<int:pk>/<slug:transition>/",
        views.ReplacementTransition.as_view(),
        name="userids-replacement-transition",
    ),
    path("reconciliations/", reconciliations.Reconciliations.as_view(), name="userids-reconciliations"),
    path("reconciliations/<int:pk>/", reconciliations.ReconciliationDetail.as_view(), name="userids-reconciliation"),
    path(
        "reconciliations/jobs/<uuid:pk>/",
        reconciliations.ReconciliationJob.as_view(),
        name="userids-reconciliation-job",
    ),
    path("findings/", reconciliations.Findings.as_view(), name="userids-findings"),
    path("findings/<int:pk>/", reconciliations.FindingDetail.as_view(), name="userids-finding"),
    path(
        "findings/<int:pk>/<slug:transition>/",
        reconciliations.FindingTransition.as_view(),
        name="userids-finding-transition",
    ),
]
