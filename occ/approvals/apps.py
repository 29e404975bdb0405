from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "occ.approvals"
    label = "approvals"
