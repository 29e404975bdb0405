from django.urls import URLPattern, URLResolver, path

from realtime.views import forecast_import, forecast_list, forecasts

urlpatterns: list[URLPattern | URLResolver] = [
    path("forecasts/", forecasts.forecasts, name="forecasts"),
    path("forecasts/make/", forecasts.make, name="forecast_make"),
    path("forecasts/enter/", forecasts.enter, name="forecast_enter"),
    path("forecasts/evaluate/", forecasts.evaluate, name="forecast_evaluate"),
    forecast_import.WIZARD.at("forecasts/import/"),
    path("forecasts/made/", forecast_list.forecasts, name="forecasts_made"),
    path("forecasts/<int:pk>/", forecasts.forecast, name="forecast"),
]
