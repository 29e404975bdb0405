from django.urls import path

from retention.views import batches, checks, findings

app_name = "retention"
urlpatterns = [
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
