from django.urls import URLPattern, URLResolver, path

from sdm.views import changes, imports, people

urlpatterns: list[URLPattern | URLResolver] = [
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
    path("contracts/<int:pk>/register/", changes.employment_register, name="employment_register"),
    imports.WIZARD.at("import/"),
]
