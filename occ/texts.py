"""Texts that people type."""

import unicodedata


def hidden(text: str) -> bool:
    """Whether there is something in it that nobody sees: what looks like another name would be another one."""
    return any(unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn"} for char in text)
