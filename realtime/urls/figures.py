from django.urls import URLPattern, URLResolver, path

from realtime.views import cases, figures, interactions, months, reports

urlpatterns: list[URLPattern | URLResolver] = [
    reports.WIZARD.at(
        "reports/",
        path("mappings/<int:pk>/", reports.mapping, name="mapping"),
        path("imports/<int:pk>/", reports.imported, name="imported"),
        path("<uuid:pk>/mapping/", reports.mapping_new, name="import_mapping"),
    ),
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
