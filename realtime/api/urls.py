from django.urls import path

from realtime.api import events

urlpatterns = [
    path("events/", events.Events.as_view(), name="realtime-events"),
]
