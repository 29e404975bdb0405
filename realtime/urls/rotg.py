from django.urls import path

from realtime.views import rotg, rotg_rules, rotg_walks

urlpatterns = [
    path("rules/", rotg_rules.rules, name="rules"),
    path("rules/new/", rotg_rules.rule_new, name="rule_new"),
    path("rules/<int:pk>/", rotg_rules.rule, name="rule"),
    path("rules/<int:pk>/change/", rotg_rules.rule_change, name="rule_change"),
    path("rules/<int:pk>/end/", rotg_rules.rule_end, name="rule_end"),
    path("walks/", rotg_walks.walks, name="walks"),
    path("walks/start/", rotg_walks.walk_start, name="walk_start"),
    path("walks/<int:pk>/", rotg_walks.walk, name="walk"),
    path("walks/<int:pk>/finish/", rotg_walks.walk_finish, name="walk_finish"),
    path("walks/lines/<int:pk>/", rotg_walks.line_answer, name="walk_line"),
    path("violations/", rotg.violations, name="violations"),
    path("violations/new/", rotg.violation_new, name="violation_new"),
    path("violations/<int:pk>/", rotg.violation, name="violation"),
    path("violations/<int:pk>/evidence/", rotg.evidence_add, name="violation_evidence"),
    path("violations/<int:pk>/<slug:transition>/", rotg.violation_step, name="violation_step"),
    path("violations/proposals/<int:pk>/", rotg.proposal, name="rotg_proposal"),
    path("violations/proposals/<int:pk>/<slug:transition>/", rotg.proposal_step, name="rotg_proposal_step"),
]
