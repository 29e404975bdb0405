from django.urls import path

from retention.api import holds, records, register

urlpatterns = [
    path("records/", records.Records.as_view(), name="retention-records"),
    path("records/<int:pk>/", records.RecordDetail.as_view(), name="retention-record"),
    path("sources/", records.Sources.as_view(), name="retention-sources"),
    path("stores/", records.Stores.as_view(), name="retention-stores"),
    path("stores/<int:pk>/", records.StoreDetail.as_view(), name="retention-store"),
    path("stores/<int:pk>/fill/", records.StoreFill.as_view(), name="retention-store-fill"),
    path("holds/", holds.Holds.as_view(), name="retention-holds"),
    path("holds/<int:pk>/", holds.HoldDetail.as_view(), name="retention-hold"),
    path("holds/<int:pk>/records/", holds.HoldRecords.as_view(), name="retention-hold-records"),
    path("holds/<int:pk>/widen/", holds.HoldWiden.as_view(), name="retention-hold-widen"),
    path("holds/<int:pk>/extend/", holds.HoldExtend.as_view(), name="retention-hold-extend"),
    path("holds/<int:pk>/lift/", holds.HoldLift.as_view(), name="retention-hold-lift"),
    path("register/", register.Register.as_view(), name="retention-register"),
    path("entries/", register.Entries.as_view(), name="retention-entries"),
    path("entries/<int:pk>/", register.EntryDetail.as_view(), name="retention-entry"),
    path("compliance/", register.Compliance.as_view(), name="retention-compliance"),
]
