"""Batches and records as commands are given them."""

from retention.models import Batch, Record


def batch_named(name: str) -> Batch | None:
    """By number (primary key) or identifier, as commands are given it."""
    rows = Batch.objects.select_related("site")
    if name.isdecimal():
        return rows.filter(pk=int(name)).first()
    return next((one for one in rows.filter(site__code=name.partition("-")[0]) if one.identifier == name), None)


def record_named(name: str) -> Record | None:
    """By number (primary key), else by its ID at the source where that is one record's."""
    if name.isdecimal() and (found := Record.objects.filter(pk=int(name)).first()):
        return found
    some = list(Record.objects.filter(external_id=name)[:2])
    return some[0] if len(some) == 1 else None
