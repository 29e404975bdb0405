"""What was made out of records' words and must go with them: search words, whatever comes later.

The destruction of records calls `derived_destroy` inside its transaction.
"""

from collections.abc import Callable, Collection

Destroy = Callable[[Collection[int]], int]
_derived: dict[str, Destroy] = {}


def register_derived(name: str, destroy: Destroy) -> None:
    """`destroy(record_ids)` removes what was derived from those records and says how many rows went."""
    if name in _derived:
        raise ValueError(f"derived data {name} is registered twice")
    _derived[name] = destroy


def derived_destroy(record_ids: Collection[int]) -> dict[str, int]:
    """In the caller's transaction; how many rows of each kind went."""
    return {name: destroy(record_ids) for name, destroy in _derived.items()}
