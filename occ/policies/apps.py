from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    name = "occ.policies"
    verbose_name = _("Policies")

    def ready(self) -> None:
        post_migrate.connect(install, dispatch_uid="occ.policies.install")


def install(app_config: AppConfig, using: str, **kwargs: Any) -> None:
    """After the last app is migrated, every registered policy has its first row."""
    from django.apps import apps

    # The signal is sent for apps with models only.
    if app_config is [one for one in apps.get_app_configs() if one.models_module][-1]:
        from occ.policies.services import install_defaults

        install_defaults()
