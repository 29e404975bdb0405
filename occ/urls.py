"""Every address. Pages have one prefix per app; the API lies under /api/v1/."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView

from occ.api.views import NotFound

handler400 = "occ.home.outage.bad_request"
handler404 = "occ.home.outage.not_found"
handler500 = "occ.home.outage.server_error"

api: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("sdm/", include("sdm.api.urls")),
    path("userids/", include("userids.api.urls")),
    path("retention/", include("retention.api.urls")),
    path("realtime/", include("realtime.api.urls")),
    path("<path:rest>", NotFound.as_view(), name="not-found"),
]

urlpatterns = [
    path("", include("occ.home.urls")),
    path("", include("occ.login.urls")),
    path("i18n/setlang/", set_language, name="set_language"),
    path("sdm/", include("sdm.urls")),
    path("userids/", include("userids.urls")),
    path("retention/", include("retention.urls")),
    path("realtime/", include("realtime.urls")),
    path("", include("occ.documents.urls")),
    path("", include("occ.jobs.urls")),
    path("api/v1/", include((api, "api"))),
]
