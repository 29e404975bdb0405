from django.urls import URLPattern, URLResolver, path

from sdm.views import evaluation_periods, evaluations, incentive_schemes, past_evaluations, payroll_runs, row_imports

urlpatterns: list[URLPattern | URLResolver] = [
    path("evaluations/", evaluations.evaluations, name="evaluations"),
    path("evaluations/<int:pk>/", evaluations.evaluation, name="evaluation"),
    path("evaluations/<int:pk>/pdf/", evaluations.evaluation_pdf, name="evaluation_pdf"),
    path("evaluations/<int:pk>/<slug:transition>/", evaluations.evaluation_step, name="evaluation_step"),
    path("past-evaluations/", past_evaluations.past_evaluations, name="past_evaluations"),
    row_imports.EVALUATIONS.at("past-evaluations/import/"),
    path("evaluation-months/", evaluation_periods.periods, name="evaluation_periods"),
    path("evaluation-months/new/", evaluation_periods.period_new, name="evaluation_period_new"),
    path("evaluation-months/<int:pk>/", evaluation_periods.period, name="evaluation_period"),
    path("evaluation-months/<int:pk>/payroll/", evaluation_periods.payroll_make, name="payroll_make"),
    path(
        "evaluation-months/<int:pk>/<slug:transition>/", evaluation_periods.period_step, name="evaluation_period_step"
    ),
    path("incentives/", incentive_schemes.schemes, name="incentive_schemes"),
    path("incentives/new/", incentive_schemes.scheme_new, name="incentive_scheme_new"),
    path("incentives/<int:pk>/", incentive_schemes.scheme, name="incentive_scheme"),
    path("incentives/<int:pk>/edit/", incentive_schemes.scheme_edit, name="incentive_scheme_edit"),
    path("incentives/<int:pk>/<slug:transition>/", incentive_schemes.scheme_step, name="incentive_scheme_step"),
    path("payroll-runs/", payroll_runs.runs, name="payroll_runs"),
    path("payroll-runs/<int:pk>/", payroll_runs.run, name="payroll_run"),
    path("payroll-runs/<int:pk>/<slug:ending>/", payroll_runs.run_file, name="payroll_file"),
]
