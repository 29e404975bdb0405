"""Every operation of the API under schemathesis, scaled down; `bin/faults fuzz` goes on for longer (KER-9)."""

from __future__ import annotations

import pytest

from tests.faults.test_faults import suffer


@pytest.mark.req("KER-9", "KER-14", "UID-15")
@pytest.mark.timeout(300)
def test_nothing_sent_to_the_api_is_a_server_error_or_leaves_half_a_state(prepared: dict[str, str]) -> None:
    said = suffer("fuzz", prepared)
    assert said.count("nothing found") == 2 and "ledger agree" in said


@pytest.mark.req("KER-14")
def test_the_schema_names_every_error_in_one_shape() -> None:
    from drf_spectacular.generators import SchemaGenerator

    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert schema["paths"]
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            errors = {status: one for status, one in operation["responses"].items() if status >= "400"}
            assert errors.keys() >= {"400", "401", "403", "404", "503"} | (
                {"409", "422"} if method == "post" else set()
            )
            for one in errors.values():
                assert one["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
