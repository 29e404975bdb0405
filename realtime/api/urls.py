from django.urls import path

from realtime.api import events, planned

urlpatterns = [
    path("events/", events.Events.as_view(), name="realtime-events"),
    path("planned/", planned.Planned.as_view(), name="realtime-planned"),
]
