from django.urls import URLPattern, path

from retention.views import decisions, proposals

app_name = "retention"
urlpatterns: list[URLPattern] = [
    path("proposals/", proposals.proposal_list, name="proposals"),
    path("proposals/new/", proposals.proposal_new, name="proposal_new"),
    path("proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("proposals/<int:pk>/lines/", proposals.proposal_lines, name="proposal_lines"),
    path("proposals/<int:pk>/condition/", proposals.proposal_condition, name="proposal_condition"),
    path("proposals/<int:pk>/release/", proposals.proposal_release, name="proposal_release"),
    path("proposals/<int:pk>/annex/", proposals.proposal_annex, name="proposal_annex"),
    path("proposals/<int:pk>/issue/", proposals.proposal_issue, name="proposal_issue"),
    path("proposals/<int:pk>/steps/<slug:transition>/", proposals.proposal_step, name="proposal_step"),
    path("decisions/", decisions.decisions, name="decisions"),
    path("decisions/<int:pk>/", decisions.decision, name="decision"),
    path("decisions/<int:pk>/decide/", decisions.decision_make, name="decision_make"),
    path("decisions/<int:pk>/recall/", decisions.decision_recall, name="decision_recall"),
]
