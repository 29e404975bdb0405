"""ASGI entry point: `uvicorn occ.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "occ.settings")
application = get_asgi_application()
