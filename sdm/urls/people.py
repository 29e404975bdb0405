from django.urls import path

from sdm.views import changes, imports, people

urlpatterns = [
    path("", people.people, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/edit/", people.person_edit, name="person_edit"),
    path("people/<int:pk>/nik/", people.person_nik, name="person_nik"),
    path("people/<int:pk>/transfer/", changes.person_transfer, name="person_transfer"),
    path("people/<int:pk>/rejoin/", changes.person_rejoin, name="person_rejoin"),
    path("people/<int:pk>/contracts/new/", changes.employment_new, name="employment_new"),
    path("placements/<int:pk>/correct/", changes.placement_correct, name="placement_correct"),
    path("placements/<int:pk>/withdraw/", changes.placement_withdraw, name="placement_withdraw"),
    path("contracts/<int:pk>/extend/", changes.employment_extend, name="employment_extend"),
    path("contracts/<int:pk>/end/", changes.employment_end, name="employment_end"),
    path("import/", imports.upload, name="import"),
    path("import/<uuid:pk>/", imports.preview, name="import_preview"),
    path("import/<uuid:pk>/apply/", imports.apply, name="import_apply"),
    path("import/<uuid:pk>/faulty/", imports.faulty, name="import_faulty"),
]
