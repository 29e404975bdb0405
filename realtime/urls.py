from django.urls import URLPattern, URLResolver, include, path

from realtime.views import alerts, board, cases, figures, interactions, months, plans, reports, sources

app_name = "realtime"
# Reports brought in have the wizard's names, in a namespace of their own.
report_urls = [
    path("", reports.upload, name="import"),
    path("mappings/<int:pk>/", reports.mapping, name="mapping"),
    path("<uuid:pk>/", reports.preview, name="import_preview"),
    path("<uuid:pk>/mapping/", reports.mapping_new, name="import_mapping"),
    path("<uuid:pk>/apply/", reports.apply, name="import_apply"),
    path("<uuid:pk>/faulty/", reports.faulty, name="import_faulty"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("board/", board.board, name="board"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<int:pk>/", sources.source, name="source"),
    path("sources/<int:pk>/edit/", sources.source_edit, name="source_edit"),
    path("sources/<int:pk>/retry/", sources.source_retry, name="source_retry"),
    path("reports/", include((report_urls, "reports"))),
    path("months/", months.months, name="months"),
    path("months/new/", months.month_new, name="month_new"),
    path("months/<int:pk>/", months.month, name="month"),
    path("months/<int:pk>/revise/", months.month_revise, name="month_revise"),
    path("cases/", cases.page, name="cases"),
    path("figures/", figures.page, name="figures"),
    path("interactions/", interactions.interactions, name="interactions"),
    path("interactions/<int:pk>/", interactions.interaction, name="interaction"),
    path("interactions/<int:pk>/read/", interactions.interaction_read, name="interaction_read"),
    path("faults/", interactions.faults, name="faults"),
    path("faults/events/", interactions.parked, name="parked"),
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
    path("what-if/", plans.what_if, name="what_if"),
]
