"""The conversation with the identity provider: authorization code with PKCE, state and nonce.

allauth speaks the protocol. Demanded beyond it: the issuer is the configured one, the ID token's signature is checked
always and with public keys only, the nonce is the one sent, and what is fetched with the access token is of the same
subject.
"""

import secrets
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from requests import RequestException

from occ.login.services.identities import PROVIDER

ALGORITHMS = {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}
CLOCKS_DIFFER = 60  # seconds


class Away(Exception):
    """The provider does not answer, or not with what a provider answers."""


class Distrusted(Exception):
    """The answer cannot be relied on; `args` holds why, for the ledger."""


class Adapter(OpenIDConnectOAuth2Adapter):
    @property
    def openid_config(self) -> dict[str, Any]:
        found: dict[str, Any] = super().openid_config
        if str(found.get("issuer", "")).rstrip("/") != settings.OIDC["issuer"].rstrip("/"):
            raise Distrusted("issuer")
        return found


def begin(request: HttpRequest, next_url: str) -> HttpResponse:
    """Lead the browser to the provider. Raises Away, Distrusted."""
    nonce = secrets.token_urlsafe(24)
    provider = Adapter(request, PROVIDER).get_provider()
    provider.oauth2_adapter_class = Adapter
    try:
        response: HttpResponse = provider.redirect(
            request, "login", next_url=next_url, auth_params={"nonce": nonce}, nonce=nonce
        )
    except (RequestException, OAuth2Error, KeyError, ValueError) as error:
        raise Away from error
    return response


def finish(request: HttpRequest) -> tuple[dict[str, Any], str]:
    """The claims of whom the provider has let through, and where they wanted to go. Raises Away, Distrusted."""
    adapter = Adapter(request, PROVIDER)
    app = adapter.get_provider().app
    state = statekit.unstash_state(
        request, provider_id=adapter.get_provider().sub_id, state_id=request.GET.get("state", "")
    )
    if state is None or "nonce" not in state:
        raise Distrusted("state")
    if "code" not in request.GET:
        raise Distrusted("denied" if request.GET.get("error") == "access_denied" else "no_code")
    try:
        client = adapter.get_client(request, app)
        answer = adapter.get_access_token_data(request, app, client, pkce_code_verifier=state.get("pkce_code_verifier"))
        claims = verified(adapter, app, str(answer["id_token"]), state["nonce"])
        more = adapter._fetch_user_info(answer["access_token"])
    except RequestException as error:
        raise Away from error
    except (OAuth2Error, jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise Distrusted("token") from error
    if not isinstance(more, dict) or more.get("sub") != claims.get("sub"):
        raise Distrusted("subject")
    return more | claims, str(state.get("next") or "")


def verified(adapter: Adapter, app: SocialApp, token: str, nonce: str) -> dict[str, Any]:
    """The ID token's claims. Raises Distrusted, RequestException, PyJWTError, KeyError, TypeError, ValueError.

    Not allauth's check: it needs a key id, which a provider with one key need not name (OpenID Connect Core 10.1).
    """
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in ALGORITHMS:
        raise Distrusted("algorithm")
    with get_adapter().get_requests_session() as session:
        answer = session.get(adapter.openid_config["jwks_uri"])
        answer.raise_for_status()
    keys = [key for key in jwt.PyJWKSet.from_dict(answer.json()).keys if key.public_key_use in (None, "sig")]
    fitting = [key for key in keys if "kid" not in header or key.key_id == header["kid"]]
    if len(fitting) != 1:
        raise Distrusted("key")
    claims: dict[str, Any] = jwt.decode(
        token, fitting[0].key, algorithms=[header["alg"]], audience=app.client_id, leeway=CLOCKS_DIFFER,
        issuer=adapter.openid_config["issuer"], options={"require": ["exp", "iat", "iss", "aud", "sub"]},
    )  # fmt: skip
    if claims.get("azp", app.client_id) != app.client_id:
        raise Distrusted("audience")
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise Distrusted("nonce")
    return claims
