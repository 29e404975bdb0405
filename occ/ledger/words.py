"""What the ledger's action codes say in words: each app registers its own (`<app>/deeds.py`) when it is loaded.

The code is what is kept and sealed; the words are for who reads, in their language.
"""

from collections.abc import Mapping

from django.utils.functional import Promise

WORDS: dict[str, Promise] = {}


def register_deeds(words: Mapping[str, Promise]) -> None:
    """A code that two apps write means the same in both."""
    WORDS.update(words)
