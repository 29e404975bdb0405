from django.urls import URLPattern, URLResolver, include, path

from realtime.views import forecast_import, forecast_list, forecasts

forecast_imports = [
    path("", forecast_import.upload, name="import"),
    path("<uuid:pk>/", forecast_import.preview, name="import_preview"),
    path("<uuid:pk>/apply/", forecast_import.apply, name="import_apply"),
    path("<uuid:pk>/faulty/", forecast_import.faulty, name="import_faulty"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("forecasts/", forecasts.forecasts, name="forecasts"),
    path("forecasts/make/", forecasts.make, name="forecast_make"),
    path("forecasts/enter/", forecasts.enter, name="forecast_enter"),
    path("forecasts/evaluate/", forecasts.evaluate, name="forecast_evaluate"),
    path("forecasts/import/", include((forecast_imports, "forecasts"))),
    path("forecasts/made/", forecast_list.forecasts, name="forecasts_made"),
    path("forecasts/<int:pk>/", forecasts.forecast, name="forecast"),
]
