from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "occ.api"
    label = "api"
