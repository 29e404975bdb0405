"""Every address. Pages have one prefix per app; the API lies under /api/v1/."""

from django.contrib.auth import views as auth
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView

from occ.api.views import NotFound
from occ.home.forms import PasswordForm

api: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("sdm/", include("sdm.api.urls")),
    path("userids/", include("userids.api.urls")),
    path("<path:rest>", NotFound.as_view(), name="not-found"),
]

urlpatterns = [
    path("", include("occ.home.urls")),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", auth.PasswordChangeView.as_view(form_class=PasswordForm), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("sdm/", include("sdm.urls")),
    path("userids/", include("userids.urls")),
    path("", include("occ.documents.urls")),
    path("", include("occ.jobs.urls")),
    path("api/v1/", include((api, "api"))),
]
