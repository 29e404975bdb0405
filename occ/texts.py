"""Texts that people type, and words that are kept in a row and said in the language of who reads them."""

import re
import unicodedata
from typing import Any

from django.utils.translation import gettext, override

KEPT = re.compile("⟦([^⟦⟧]+)⟧")


def hidden(text: str) -> bool:
    """Whether there is something in it that nobody sees: what looks like another name would be another one."""
    return any(unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn"} for char in text)


def kept(words: Any) -> str:
    """Translatable words as a row keeps them, to be read by `said`: as the message id, marked."""
    with override("en"):
        return f"⟦{words}⟧"


def said(text: str) -> str:
    """The text with what is `kept` in it in today's language."""
    return KEPT.sub(lambda found: gettext(found[1]), text)
