"""The Celery application. Broker settings, queues and the beat schedule are in occ.settings (CELERY_*)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "occ.settings")
app = Celery("occ")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
