from django.urls import path

from sdm.api import discipline, evaluating, positions, recruiting, training, views

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
    path("discipline/", discipline.Cases.as_view(), name="sdm-discipline"),
    path("discipline/<int:pk>/", discipline.CaseDetail.as_view(), name="sdm-discipline-case"),
    path("discipline/<int:pk>/<slug:transition>/", discipline.CaseTransition.as_view(), name="sdm-discipline-step"),
    path("training/batches/", training.Batches.as_view(), name="sdm-training-batches"),
    path("training/participants/", training.Participants.as_view(), name="sdm-training-participants"),
    path("training/participants/<int:pk>/", training.ParticipantDetail.as_view(), name="sdm-training-participant"),
    path("training/participants/<int:pk>/samples/", training.Samples.as_view(), name="sdm-training-samples"),
    path("training/results/", training.Results.as_view(), name="sdm-training-results"),
    path("training/samples/<int:pk>/score/", training.SampleScore.as_view(), name="sdm-training-sample-score"),
    path(
        "training/participants/<int:pk>/<slug:transition>/",
        training.ParticipantTransition.as_view(),
        name="sdm-training-step",
    ),
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
