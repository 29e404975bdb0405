from django.urls import URLPattern, URLResolver, path

from sdm.views import overview

urlpatterns: list[URLPattern | URLResolver] = [
    path("organisation/", overview.chart, name="organisation"),
    path("turnover/", overview.turnover, name="turnover"),
    path("turnover/rows/", overview.turnover_rows, name="turnover_rows"),
]
