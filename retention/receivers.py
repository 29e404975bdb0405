"""What the retention module waits for."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from occ.people.actors import Actor
from retention.models import Hold
from retention.services import journal  # noqa: F401  (registers what follows a restore)
from retention.services.holds import hold_was_set
from retention.services.listening import register_content
from retention.services.proposals import held_pull
from retention.services.restoring import record_bytes

# What the source has no more is heard and read out of a backup.
register_content(record_bytes)


@receiver(hold_was_set)
def pull_what_is_held(sender: Any, hold: Hold, actor: Actor, now: datetime, **kwargs: Any) -> None:
    held_pull(hold=hold, actor=actor, now=now)
