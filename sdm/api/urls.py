from django.urls import path

from sdm.api import absence, overview, views

urlpatterns = [
    path("employees/", views.Employees.as_view(), name="sdm-employees"),
    path("employees/<str:number>/", views.EmployeeDetail.as_view(), name="sdm-employee"),
    path("leavings/", views.Leavings.as_view(), name="sdm-leavings"),
    path("leaves/", absence.Leaves.as_view(), name="sdm-leaves"),
    path("leaves/<int:pk>/<slug:transition>/", absence.LeaveStep.as_view(), name="sdm-leave-step"),
    path("leave-balances/", absence.Balances.as_view(), name="sdm-leave-balances"),
    path("turnover/", overview.TurnoverFigures.as_view(), name="sdm-turnover"),
    path("organisation/", overview.Organisation.as_view(), name="sdm-organisation"),
]
