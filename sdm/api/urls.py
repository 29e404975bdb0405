from django.urls import path

from sdm.api import evaluating, views

urlpatterns = [
    path("employees/", views.Employees.as_view(), name="sdm-employees"),
    path("employees/<str:number>/", views.EmployeeDetail.as_view(), name="sdm-employee"),
    path("evaluations/", evaluating.Evaluations.as_view(), name="sdm-evaluations"),
    path("evaluations/<int:pk>/score/", evaluating.EvaluationScore.as_view(), name="sdm-evaluation-score"),
    path("evaluation-months/", evaluating.EvaluationMonths.as_view(), name="sdm-evaluation-months"),
    path("incentive-schemes/", evaluating.IncentiveSchemes.as_view(), name="sdm-incentive-schemes"),
    path("payroll-runs/", evaluating.PayrollRuns.as_view(), name="sdm-payroll-runs"),
    path("payroll-runs/<int:pk>/", evaluating.PayrollRunDetail.as_view(), name="sdm-payroll-run"),
    path("leavings/", views.Leavings.as_view(), name="sdm-leavings"),
]
