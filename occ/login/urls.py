from allauth.mfa.base.views import authenticate
from django.urls import path

from occ.login.views import entering, logins, second_factor, sessions

# allauth finds three of them by names of its own: account_login, mfa_authenticate, openid_connect_callback.
OIDC = {"provider_id": "oidc"}

urlpatterns = [
    path("login/", entering.login, name="login"),
    path("login/", entering.login, name="account_login"),
    path("login/code/", authenticate, name="mfa_authenticate"),
    path("login/oidc/", entering.openid_start, OIDC, name="openid_connect_login"),
    path("login/oidc/callback/", entering.openid_callback, OIDC, name="openid_connect_callback"),
    path("logout/", entering.logout, name="logout"),
    path("password/", entering.password_change, name="password_change"),
    path("password/done/", entering.password_change_done, name="password_change_done"),
    path("second-factor/", second_factor.second_factor, name="second_factor"),
    path("second-factor/set-up/", second_factor.set_up, name="second_factor_set"),
    path("second-factor/codes/", second_factor.codes_renew, name="second_factor_codes"),
    path("second-factor/off/", second_factor.switch_off, name="second_factor_off"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/end-others/", sessions.sessions_end_others, name="sessions_end_others"),
    path("sessions/<str:handle>/end/", sessions.session_end, name="session_end"),
    path("logins/", logins.login_list, name="logins"),
    path("logins/<int:pk>/", logins.login_one, name="login_one"),
    path("logins/<int:pk>/unlock/", logins.login_unlock, name="login_unlock"),
    path("logins/<int:pk>/end-sessions/", logins.login_sessions_end, name="login_sessions_end"),
    path("logins/<int:pk>/<str:deed>/", logins.login_deed, name="login_deed"),
]
