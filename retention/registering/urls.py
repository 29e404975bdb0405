"""The import of documents: the wizard's pages have a namespace of their own beside the catalogue's import."""

from django.urls import path

from retention.views import register

app_name = "entries"
urlpatterns = [
    path("", register.upload, name="import"),
    path("<uuid:pk>/", register.preview, name="import_preview"),
    path("<uuid:pk>/apply/", register.apply, name="import_apply"),
    path("<uuid:pk>/faulty/", register.faulty, name="import_faulty"),
]
