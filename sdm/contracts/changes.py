"""Signals of contracts, sent in the transaction of the change, with the person's lock held."""

from django.dispatch import Signal

changed = Signal()  # person, actor, now: somebody's contracts changed
going = (
    Signal()
)  # person, last, now: who leaves has no contract after that day; before those that would begin are removed
