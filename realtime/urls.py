from django.urls import URLPattern, path

from realtime.views import alerts, attendance, board, handovers, plans, sources

app_name = "realtime"
urlpatterns: list[URLPattern] = [
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
    path("plans/<int:pk>/<slug:transition>/", plans.plan_step, name="plan_step"),
    path("handovers/", handovers.handovers, name="handovers"),
    path("handovers/new/", handovers.handover_new, name="handover_new"),
    path("handovers/<int:pk>/", handovers.handover, name="handover"),
    path("handovers/<int:pk>/<slug:transition>/", handovers.handover_step, name="handover_step"),
    path("attendance/", attendance.attendance, name="attendance"),
    path("attendance/records/", attendance.records, name="attendance_records"),
    path("attendance/month/", attendance.month, name="attendance_month"),
    path("attendance/headcounts/<int:pk>/hand/", attendance.headcount_hand, name="headcount_hand"),
    path("attendance/<int:pk>/<str:day>/", attendance.person_day, name="attendance_person_day"),
    path("attendance/<int:pk>/<str:day>/mark/", attendance.mark, name="attendance_mark"),
    path("what-if/", plans.what_if, name="what_if"),
]
