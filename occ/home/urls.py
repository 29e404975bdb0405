from django.urls import path

from occ.home import governance, health, metrics, people, views

urlpatterns = [
    path("", views.today, name="home"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.inbox_read_all, name="inbox_read_all"),
    path("inbox/<int:pk>/", views.notification_open, name="notification"),
    path("people/find/<str:chooser>/", people.people_find, name="people_find"),
    path("search/", views.search, name="search"),
    path("views/", views.saved_view_new, name="saved_view_new"),
    path("views/<int:pk>/remove/", views.saved_view_remove, name="saved_view_remove"),
    path("compliance/", views.compliance, name="compliance"),
    path("obligations/", views.obligations, name="obligations"),
    path("policies/", governance.policies, name="policies"),
    path("policies/<str:key>/", governance.policy, name="policy"),
    path("policies/<str:key>/take-back/", governance.policy_back, name="policy_back"),
    path("sop/", governance.sop, name="sop"),
    path("ledger/", governance.ledger, name="ledger"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("readyz", health.readyz, name="readyz"),
]
