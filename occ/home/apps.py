from django.apps import AppConfig, apps
from django.db.models.signals import pre_migrate
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    name = "occ.home"
    verbose_name = _("Home")

    def ready(self) -> None:
        from occ.home import deeds, doors, finding, jobs  # noqa: F401  (they register themselves)
        from occ.home.migrating import refuse_other_code

        pre_migrate.connect(refuse_other_code, sender=apps.get_app_config("people"))
