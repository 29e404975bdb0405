from django.urls import path

from realtime.views import alerts, board, handovers, plans, sources, what_if

urlpatterns = [
    path("board/", board.board, name="board"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<int:pk>/", sources.source, name="source"),
    path("sources/<int:pk>/edit/", sources.source_edit, name="source_edit"),
    path("sources/<int:pk>/retry/", sources.source_retry, name="source_retry"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<int:pk>/", alerts.alert, name="alert"),
    path("alerts/<int:pk>/acknowledge/", alerts.acknowledge, name="alert_acknowledge"),
    path("alerts/<int:pk>/dismiss/", alerts.dismiss, name="alert_dismiss"),
    path("plans/", plans.plans, name="plans"),
    path("plans/new/", plans.plan_new, name="plan_new"),
    path("plans/<int:pk>/", plans.plan, name="plan"),
    path("plans/<int:pk>/actions/", plans.action_add, name="plan_action_add"),
    path("plans/<int:pk>/expect/", plans.expect, name="plan_expect"),
    path("plans/actions/<int:pk>/done/", plans.action_done, name="plan_action_done"),
    path("plans/actions/<int:pk>/drop/", plans.action_drop, name="plan_action_drop"),
    path("plans/<int:pk>/<slug:transition>/", plans.plan_step, name="plan_step"),
    path("handovers/", handovers.handovers, name="handovers"),
    path("handovers/new/", handovers.handover_new, name="handover_new"),
    path("handovers/<int:pk>/", handovers.handover, name="handover"),
    path("handovers/<int:pk>/<slug:transition>/", handovers.handover_step, name="handover_step"),
    path("what-if/", what_if.what_if, name="what_if"),
]
