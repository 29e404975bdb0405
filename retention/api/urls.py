from django.urls import path

from retention.api import records

urlpatterns = [
    path("records/", records.Records.as_view(), name="retention-records"),
    path("records/<int:pk>/", records.RecordDetail.as_view(), name="retention-record"),
    path("sources/", records.Sources.as_view(), name="retention-sources"),
    path("stores/", records.Stores.as_view(), name="retention-stores"),
]
