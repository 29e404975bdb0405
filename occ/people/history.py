"""Who changes a governed row, and why: kept by django-simple-history with the row's next save (KER-11)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import connections, models, transaction
from django.utils.functional import Promise
from psycopg2.extras import execute_values

from occ.people.actors import Actor
from occ.people.models import User

BATCH = 2_000


def sign(row: Any, actor: Actor, why: str = "", *, now: datetime) -> None:
    """To be called before `save()`; also in tasks and commands, where no request tells who acts."""
    row._history_user = actor if isinstance(actor, User) else None
    row._change_reason = why
    row._history_date = now


@transaction.atomic
def create_many(
    rows: Sequence[models.Model], *, actor: Actor, why: str = "", now: datetime, unless_there: str = ""
) -> None:
    """Insert new rows of one model and sign them all; each gets its primary key.

    For imports: half of what `bulk_create` takes, and the database itself copies the rows into their history.
    `unless_there`: a column that tells these rows apart; those that somebody else inserted meanwhile (a unique
    constraint says so) are left out, and keep no primary key.
    """
    for i in range(0, len(rows), BATCH):
        some = rows[i : i + BATCH]
        _insert(some, unless_there)
        if hasattr(some[0], "history"):
            copy_to_history(type(some[0]), [row.pk for row in some if row.pk is not None], actor, why, now)


@transaction.atomic
def update_many(rows: Sequence[models.Model], *, actor: Actor, why: str = "", now: datetime, **fields: Any) -> None:
    """Write the same values into many locked rows of one model and sign them all."""
    for i in range(0, len(rows), BATCH):
        some = rows[i : i + BATCH]
        model: Any = type(some[0])
        model._default_manager.filter(pk__in=[row.pk for row in some]).update(**fields)
        for row in some:
            for name, value in fields.items():
                setattr(row, name, value)
        if hasattr(model, "history"):
            copy_to_history(model, [row.pk for row in some], actor, why, now, kind="~")


# Kept as they are: the driver knows these values, and asking the field costs ten times what it tells.
PLAIN = {
    models.CharField, models.EmailField, models.TextField, models.BooleanField, models.DateField,
    models.BigIntegerField, models.PositiveIntegerField, models.PositiveSmallIntegerField, models.ForeignKey,
    models.OneToOneField,
}  # fmt: skip


def _reader(field: Any, connection: Any) -> Callable[[Any], Any]:
    """What to call with a row for the value of a column."""
    if type(field) not in PLAIN or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return lambda row: field.get_db_prep_save(field.pre_save(row, add=True), connection)
    name = field.attname

    def plain(row: Any) -> Any:
        value = getattr(row, name)
        return str(value) if isinstance(value, Promise) else value

    return plain


def _insert(rows: Sequence[models.Model], unless_there: str = "") -> None:
    connection = connections["default"]  # and not the proxy: it is asked for with each value
    meta: Any = rows[0]._meta
    quote = connection.ops.quote_name
    fields = [one for one in meta.concrete_fields if not one.generated and not isinstance(one, models.AutoField)]
    columns = ", ".join(quote(one.column) for one in fields)
    read = [_reader(one, connection) for one in fields]
    values = [[of(row) for of in read] for row in rows]
    otherwise, back = "", [quote(meta.pk.column)]
    if unless_there:
        otherwise, back = "ON CONFLICT DO NOTHING", [*back, quote(unless_there)]
    query = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES %s {otherwise} RETURNING {', '.join(back)}"  # noqa: S608
    with connection.cursor() as cursor, connection.wrap_database_errors:
        made = execute_values(cursor.cursor, query, values, page_size=len(values), fetch=True)
    if unless_there:
        by_name = {getattr(row, unless_there): row for row in rows}
        rows = [by_name[name] for _pk, name in made]
    for row, (pk, *_name) in zip(rows, made, strict=True):
        row.pk, row._state.adding, row._state.db = pk, False, connection.alias


def copy_to_history(model: Any, pks: list[Any], actor: Actor, why: str, now: datetime, *, kind: str = "+") -> None:
    """Let the database copy rows into their history as they stand now; `kind` "+" as made, "~" as changed."""
    connection = connections["default"]
    history, quote = model.history.model, connection.ops.quote_name
    columns = ", ".join(quote(history._meta.get_field(field.name).column) for field in history.tracked_fields)
    source = ", ".join(quote(field.column) for field in history.tracked_fields)
    user = actor.pk if isinstance(actor, User) else None
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(history._meta.db_table)}"  # noqa: S608 - names of our own models
            f" ({columns}, history_date, history_change_reason, history_type, history_user_id)"
            f" SELECT {source}, %s, %s, %s, %s FROM {quote(model._meta.db_table)}"
            f" WHERE {quote(model._meta.pk.column)} = ANY(%s) ORDER BY {quote(model._meta.pk.column)}",
            [now, why, kind, user, pks],
        )
