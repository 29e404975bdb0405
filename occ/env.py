"""Configuration from the environment. What is missing or wrong stops the start in one line that names it."""

import os
from collections.abc import Collection
from typing import Any
from urllib.parse import ParseResult, parse_qsl, unquote, urlparse

from django.core.exceptions import ImproperlyConfigured


def required(name: str) -> str:
    """The variable's value; refused when it is absent or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set (see the table in README.md; bin/demo sets everything itself)")
    return value


def flag(name: str) -> bool:
    value = os.environ.get(name, "").lower()
    if value not in {"", "0", "1", "false", "true"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}")
    return value in {"1", "true"}


def words(name: str) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = os.environ.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return int(value)


def choice(name: str, default: str, known: Collection[str]) -> str:
    value = os.environ.get(name) or default
    if value not in known:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(known)}, not {value!r}")
    return value


def url(name: str, schemes: set[str]) -> ParseResult:
    try:
        parsed = urlparse(required(name))
        parsed.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is no address: {error}") from None
    if parsed.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with one of {', '.join(sorted(schemes))}:// ")
    return parsed


def site_url(name: str, default: str = "") -> str:
    """Where people reach OCC: scheme and host, nothing behind."""
    if default and not os.environ.get(name):
        return default
    parsed = url(name, {"http", "https"})
    if not parsed.hostname or parsed.path not in {"", "/"} or parsed.query or parsed.fragment:
        raise ImproperlyConfigured(f"{name} must be like https://occ.example.id, without a path")
    return f"{parsed.scheme}://{parsed.netloc}"


def directory(name: str, default: str) -> str:
    """The absolute directory of a file:// URL."""
    value = os.environ.get(name) or default
    path = value.removeprefix("file://")
    if path == value or not path.startswith("/"):
        raise ImproperlyConfigured(f"{name} must begin with file:/// (a directory outside the web root)")
    return path


def database(name: str) -> dict[str, object]:
    """Django's database settings from a postgres:// URL; behind its `?` may stand sslmode and sslrootcert."""
    parsed = url(name, {"postgres", "postgresql"})
    if not parsed.path.strip("/"):
        raise ImproperlyConfigured(f"{name} names no database")
    secured = dict(parse_qsl(parsed.query, keep_blank_values=True))
    if unknown := sorted(secured.keys() - {"sslmode", "sslrootcert"}):
        raise ImproperlyConfigured(f"{name} says {unknown[0]}=…, which is not known (sslmode and sslrootcert are)")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parsed.path.strip("/")),
        "USER": unquote(parsed.username or ""),
        "PASSWORD": unquote(parsed.password or ""),
        "HOST": parsed.hostname or "",
        "PORT": str(parsed.port or 5432),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5} | secured,
    }


def email(name: str) -> dict[str, object]:
    """E-mail settings from smtp://user:password@host:port, smtp+tls:// (STARTTLS), smtps://, or console:// (demo)."""
    if not os.environ.get(name):
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend", "EMAIL_CONFIGURED": False}
    parsed = url(name, {"smtp", "smtp+tls", "smtps", "console"})
    if parsed.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend", "EMAIL_CONFIGURED": True}
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_CONFIGURED": True,
        "EMAIL_HOST": parsed.hostname or "",
        "EMAIL_PORT": parsed.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parsed.scheme],
        "EMAIL_HOST_USER": unquote(parsed.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parsed.password or ""),
        "EMAIL_USE_SSL": parsed.scheme == "smtps",
        "EMAIL_USE_TLS": parsed.scheme == "smtp+tls",
        "EMAIL_TIMEOUT": 10,
    }


def openid() -> dict[str, Any]:
    """The identity provider of OIDC_*; empty without OIDC_ISSUER. OIDC_MATCH: claim=username or claim=number."""
    if not os.environ.get("OIDC_ISSUER"):
        return {}
    issuer = url("OIDC_ISSUER", {"https", "http"})
    if issuer.scheme == "http" and issuer.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ImproperlyConfigured("OIDC_ISSUER must begin with https://")
    claim, _equals, field = (os.environ.get("OIDC_MATCH") or "preferred_username=username").partition("=")
    if not claim or field not in {"username", "number"}:
        raise ImproperlyConfigured("OIDC_MATCH must be CLAIM=username or CLAIM=number (the employee number)")
    name = os.environ.get("OIDC_NAME") or issuer.hostname or ""
    app = {
        "provider_id": "oidc", "name": name, "client_id": required("OIDC_CLIENT_ID"),
        "secret": required("OIDC_CLIENT_SECRET"),
        "settings": {"server_url": issuer.geturl().rstrip("/"), "oauth_pkce_enabled": True},
    }  # fmt: skip
    return {"issuer": issuer.geturl(), "name": name, "claim": claim, "field": field, "app": app}
