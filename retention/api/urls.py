from django.urls import path

from retention.api import findings, holds, records, register

urlpatterns = [
    path("records/", records.Records.as_view(), name="retention-records"),
    path("records/<int:pk>/", records.RecordDetail.as_view(), name="retention-record"),
    path("sources/", records.Sources.as_view(), name="retention-sources"),
    path("stores/", records.Stores.as_view(), name="retention-stores"),
    path("stores/<int:pk>/", records.StoreDetail.as_view(), name="retention-store"),
    path("stores/<int:pk>/fill/", records.StoreFill.as_view(), name="retention-store-fill"),
    path("findings/", findings.Damages.as_view(), name="retention-findings"),
    path("findings/<int:pk>/", findings.DamageDetail.as_view(), name="retention-finding"),
    path("findings/<int:pk>/try-keys/", findings.KeysTry.as_view(), name="retention-finding-keys"),
    path("findings/<int:pk>/declare-lost/", findings.LossDeclare.as_view(), name="retention-finding-lost"),
    path("losses/", findings.Losses.as_view(), name="retention-losses"),
    path("losses/<int:pk>/", findings.LossDetail.as_view(), name="retention-loss"),
    path("losses/<int:pk>/confirm/", findings.LossConfirm.as_view(), name="retention-loss-confirm"),
    path("losses/<int:pk>/refuse/", findings.LossRefuse.as_view(), name="retention-loss-refuse"),
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
