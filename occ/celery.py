"""The Celery application. Broker settings and the beat schedule are in occ.settings (CELERY_*)."""

import os

from celery import Celery
from celery.signals import beat_init
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "occ.settings")
app = Celery("occ")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_init.connect
def catch_up(**kwargs: object) -> None:
    """Beat that was down is late for everything: ask for each job once, now, and not one interval later."""
    for entry in app.conf.beat_schedule.values():
        try:
            app.send_task(entry["task"], **entry.get("options", {}))
        except OperationalError:  # the broker is not up yet: the schedule asks again
            return
