from django.urls import path

from retention.views import imports, places, records, schedule

app_name = "retention"
urlpatterns = [
    path("records/", records.records, name="records"),
    path("records/<int:pk>/", records.record, name="record"),
    path("records/<int:pk>/customer/", records.record_customer, name="record_customer"),
    path("schedule/", schedule.schedule, name="schedule"),
    path("sources/", places.sources, name="sources"),
    path("sources/new/", places.source_new, name="source_new"),
    path("sources/<int:pk>/", places.source, name="source"),
    path("sources/<int:pk>/edit/", places.source_edit, name="source_edit"),
    path("sources/<int:pk>/try/", places.source_try, name="source_try"),
    path("sources/<int:pk>/scan/", places.source_scan, name="source_scan"),
    path("stores/", places.stores, name="stores"),
    path("stores/new/", places.store_new, name="store_new"),
    path("stores/<int:pk>/", places.store, name="store"),
    path("stores/<int:pk>/edit/", places.store_edit, name="store_edit"),
    path("stores/<int:pk>/try/", places.store_try, name="store_try"),
    path("import/", imports.upload, name="import"),
    path("import/<uuid:pk>/", imports.preview, name="import_preview"),
    path("import/<uuid:pk>/apply/", imports.apply, name="import_apply"),
    path("import/<uuid:pk>/faulty/", imports.faulty, name="import_faulty"),
]
