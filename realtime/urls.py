from django.urls import URLPattern, URLResolver, include, path

from realtime.views import alerts, attendance, board, forecast_import, forecasts, plans, sources

app_name = "realtime"
forecast_imports = [
    path("", forecast_import.upload, name="import"),
    path("<uuid:pk>/", forecast_import.preview, name="import_preview"),
    path("<uuid:pk>/apply/", forecast_import.apply, name="import_apply"),
    path("<uuid:pk>/faulty/", forecast_import.faulty, name="import_faulty"),
]
urlpatterns: list[URLPattern | URLResolver] = [
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
    path("attendance/", attendance.attendance, name="attendance"),
    path("attendance/records/", attendance.records, name="attendance_records"),
    path("attendance/month/", attendance.month, name="attendance_month"),
    path("attendance/headcounts/<int:pk>/hand/", attendance.headcount_hand, name="headcount_hand"),
    path("attendance/<int:pk>/<str:day>/", attendance.person_day, name="attendance_person_day"),
    path("attendance/<int:pk>/<str:day>/mark/", attendance.mark, name="attendance_mark"),
    path("forecasts/", forecasts.forecasts, name="forecasts"),
    path("forecasts/make/", forecasts.make, name="forecast_make"),
    path("forecasts/enter/", forecasts.enter, name="forecast_enter"),
    path("forecasts/evaluate/", forecasts.evaluate, name="forecast_evaluate"),
    path("forecasts/import/", include((forecast_imports, "forecasts"))),
    path("forecasts/<int:pk>/", forecasts.forecast, name="forecast"),
    path("what-if/", plans.what_if, name="what_if"),
]
