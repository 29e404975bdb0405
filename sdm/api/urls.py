from django.urls import path

from sdm.api import discipline, views

urlpatterns = [
    path("employees/", views.Employees.as_view(), name="sdm-employees"),
    path("employees/<str:number>/", views.EmployeeDetail.as_view(), name="sdm-employee"),
    path("leavings/", views.Leavings.as_view(), name="sdm-leavings"),
    path("discipline/", discipline.Cases.as_view(), name="sdm-discipline"),
    path("discipline/<int:pk>/", discipline.CaseDetail.as_view(), name="sdm-discipline-case"),
    path("discipline/<int:pk>/<slug:transition>/", discipline.CaseTransition.as_view(), name="sdm-discipline-step"),
]
