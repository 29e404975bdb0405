"""Customers' numbers and names hidden in a text. Better one number too many than one customer too few."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

HIDDEN = "•••"
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# Nine digits or more, however they are spaced: telephone and card numbers, NIK. Days and times are no numbers.
DIGITS = re.compile(
    r"(?P<day>\b\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?\b)|(?P<number>\+?\d(?:[ .\-()/]{0,2}\d){8,})"
)
# What is no word of a chat: transcripts.words_of keeps none with so many digits either.
SHORT = re.compile(r"\d(?:[ .\-()/]{0,2}\d){5,}")
WORD = re.compile(r"\w{3,}")


def visible(text: str) -> str:
    """Without characters that nobody sees: a number with one of them inside is still a number."""
    if text.isprintable():
        return text
    return "".join(one for one in text if unicodedata.category(one) not in {"Cf", "Cc", "Cs", "Co"} or one in "\n\t")


def masked_text(text: str, names: Collection[str] = ()) -> str:
    """E-mail addresses, long numbers and these customers hidden. `names`: names or short numbers of customers."""
    text = visible(text)
    if "@" in text:
        text = EMAIL.sub(HIDDEN + "@" + HIDDEN, text)
    text = DIGITS.sub(_number, text)
    pattern = _names(frozenset(names))
    return pattern.sub(HIDDEN, text) if pattern else text


def masked_words(text: str) -> str:
    """What somebody searched for, to be kept: as it was typed, without numbers and addresses."""
    return SHORT.sub(HIDDEN, masked_text(text))


def _number(found: re.Match[str]) -> str:
    return found.group() if found.group("day") else HIDDEN + found.group()[-2:]


@lru_cache(maxsize=64)
def _names(names: frozenset[str]) -> re.Pattern[str] | None:
    """Each word of a name by itself: people are called by one of them."""
    words = {word for name in names for word in WORD.findall(visible(name))}
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))[:200]
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + r")\b", re.IGNORECASE)
