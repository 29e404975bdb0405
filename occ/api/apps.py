from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "occ.api"
    label = "api"

    def ready(self) -> None:
        from occ.api import policies, receivers, schema  # noqa: F401  (they register themselves)
