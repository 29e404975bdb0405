"""A signal: somebody's contracts changed. Sent in the transaction of the change, with the person's lock held."""

from django.dispatch import Signal

changed = Signal()  # person, actor, now
