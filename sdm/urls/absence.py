from django.urls import URLPattern, URLResolver, path

from sdm.views import absence, absence_around, absence_import

urlpatterns: list[URLPattern | URLResolver] = [
    path("leave/", absence.leaves, name="leaves"),
    path("leave/new/", absence.leave_new, name="leave_new"),
    path("leave/mine/", absence_around.my_leave, name="my_leave"),
    path("leave/calendar/", absence_around.calendar, name="leave_calendar"),
    path("leave/balances/", absence_around.balances, name="leave_balances"),
    absence_import.WIZARD.at("leave/import/"),
    path("leave/<int:pk>/", absence.leave, name="leave"),
    path("leave/<int:pk>/proof/", absence.leave_proof, name="leave_proof"),
    path("leave/<int:pk>/<slug:transition>/", absence.leave_step, name="leave_step"),
]
