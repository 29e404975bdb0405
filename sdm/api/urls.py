from django.urls import path

from sdm.api import positions, recruiting, views

urlpatterns = [
    path("employees/", views.Employees.as_view(), name="sdm-employees"),
    path("employees/<str:number>/", views.EmployeeDetail.as_view(), name="sdm-employee"),
    path("leavings/", views.Leavings.as_view(), name="sdm-leavings"),
    path("positions/", positions.Positions.as_view(), name="sdm-positions"),
    path("positions/<slug:code>/", positions.PositionDetail.as_view(), name="sdm-position"),
    path("plan/", positions.Plan.as_view(), name="sdm-plan"),
    path("recruitments/", recruiting.Recruitments.as_view(), name="sdm-recruitments"),
    path("recruitments/<int:pk>/", recruiting.RecruitmentDetail.as_view(), name="sdm-recruitment"),
    path(
        "recruitments/<int:pk>/<slug:transition>/", recruiting.RecruitmentTransition.as_view(),
        name="sdm-recruitment-transition",
    ),
    path("candidates/", recruiting.Candidates.as_view(), name="sdm-candidates"),
    path("candidates/<int:pk>/", recruiting.CandidateDetail.as_view(), name="sdm-candidate"),
    path(
        "candidates/<int:pk>/<slug:transition>/", recruiting.CandidateTransition.as_view(),
        name="sdm-candidate-transition",
    ),
]  # fmt: skip
