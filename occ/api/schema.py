"""What the OpenAPI schema says of every operation beside its own answer: how to log in, and the one error shape."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

WORDS = {
    "400": "What was sent cannot be read: a value is missing, of another kind, or out of bounds",
    "401": "No token, or one that is unknown, revoked or expired",
    "403": "Your role does not cover this",
    "404": "There is no such thing, or not for you",
    "406": "Answers are JSON only",
    "409": "Understood and refused: its state stands against it, or somebody else was quicker",
    "415": "Send JSON or multipart/form-data",
    "422": "Understood and refused: a rule stands against it, the message says which",
    "503": "The database is away: try again after the seconds that Retry-After names",
}
BODY_ONLY = {"409", "415", "422"}
FACT = {
    "type": "object",
    "required": ["code", "message", "field", "index"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string", "description": "in the user's language"},
        "field": {"type": "string", "nullable": True},
        "index": {"type": "integer", "nullable": True},
    },
}


class TokenScheme(OpenApiAuthenticationExtension):
    """How the schema says `Authorization: Token …`."""

    target_class = "occ.api.authentication.ApiTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Token occ_…"}


def errors_said(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Postprocessing hook of drf-spectacular: each operation may answer each error, in one shape (KER-14)."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["ErrorFact"] = FACT
    several = {"errors": {"type": "array", "items": {"$ref": "#/components/schemas/ErrorFact"}}}
    schemas["Error"] = FACT | {"properties": FACT["properties"] | several}  # type: ignore[operator]
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for status, words in WORDS.items():
                if status in BODY_ONLY and method == "get":
                    continue
                operation["responses"].setdefault(status, {"description": words, "content": content})
    return result
