from django.urls import path

from sdm.views import overview

urlpatterns = [
    path("organisation/", overview.chart, name="organisation"),
    path("turnover/", overview.turnover, name="turnover"),
    path("turnover/rows/", overview.turnover_rows, name="turnover_rows"),
]
