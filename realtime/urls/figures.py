from django.urls import URLPattern, URLResolver, include, path

from realtime.views import cases, figures, interactions, months, reports

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
]
