from django.urls import path

from retention.views import batches, checks, findings, imports, places, records, schedule

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
    path("batches/", batches.batches, name="batches"),
    path("batches/<int:pk>/", batches.batch, name="batch"),
    path("batches/<int:pk>/<slug:transition>/", batches.batch_step, name="batch_step"),
    path("records/<int:pk>/waive/", batches.record_waive, name="record_waive"),
    path("findings/", findings.findings, name="findings"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/repair/", findings.finding_repair, name="finding_repair"),
    path("findings/<int:pk>/<slug:transition>/", findings.finding_step, name="finding_step"),
    path("checks/", checks.checks, name="checks"),
    path("checks/<int:pk>/", checks.check, name="check"),
]
