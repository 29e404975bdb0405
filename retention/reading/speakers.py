"""Who says what in a chat, as the page draws it: the agent by name, everybody else masked for who may not see them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.encryption import Shut
from occ.errors import WrongState
from occ.masking import masked_text
from retention.marks import masked
from retention.models import Record
from retention.reading.chats import Message

OURS = frozenset({"agent", "agen", "cs", "customer service", "bot", "chatbot", "system", "sistem", "admin", "operator"})
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?P<seconds>:\d{2})?", re.ASCII)
THEIRS = frozenset({"customer", "nasabah", "pelanggan", "visitor", "user", "client", "klien", "pengunjung"})


def conversation(
    one: Record, every: Sequence[Message], some: Sequence[Message], *, whole: bool
) -> list[dict[str, Any]]:
    """Lines for the page: side ("agent", "customer" or "" for what nobody says), who, when, text.

    `every`: all messages, which tell who takes part; `whole`: the reader may see customers. Raises WrongState where
    names are to be masked and no key opens the customer's.
    """
    if not whole and isinstance(one.customer, Shut):
        raise WrongState(
            _("The customer cannot be read, so the name cannot be hidden in the chat: the key is missing.")
        )
    ours = OURS | {word.casefold() for word in _names(one) if word}
    customers = {message.who for message in every if message.who and message.who.casefold() not in ours}
    hidden = [one.customer, *(who for who in customers if who.casefold() not in THEIRS)]
    lines = []
    for message in some:
        side = "" if not message.who else "customer" if message.who in customers else "agent"
        who = message.who
        if who.casefold() in {"agent", "agen"}:
            who = _("Agent")
        elif who.casefold() in THEIRS:
            who = _("Customer")
        elif side == "customer" and not whole:
            who = masked(who)
        text = message.text if whole else masked_text(message.text, hidden)
        lines.append({"side": side, "who": who, "when": when_shown(message.when), "text": text})
    return lines


def when_shown(when: str) -> str:
    """A message's time in the reader's language; a time of day, and what is no time, as the file has it."""
    found = INSTANT.fullmatch(when)
    if found is None:
        return when
    try:
        at = datetime.fromisoformat(when)
    except ValueError:  # 31 February
        return when
    return str(date_format(at, "j F Y, H:i:s" if found["seconds"] else "j F Y, H:i"))


def _names(one: Record) -> list[str]:
    return [one.agent_label, *((one.agent.name, one.agent.number) if one.agent else ())]
