"""Of each record, whether its ID says who the customer is; of a finding, the run that works on it.

Customers are encrypted, so those of records that are not destroyed are read one by one, SOME at a time: about a minute
for a million records that have a customer, none for others. What no key opens counts as named.
"""

import re
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import migrations, models

SOME = 5_000
NO_DIGIT = re.compile(r"[^0-9]+")


def names(external_id: str, customer: str) -> bool:
    """As retention.marks masks an ID: the number however it is written, the name in whatever letters."""
    customer = customer.strip()
    digits = NO_DIGIT.sub("", customer)
    is_number = len(digits) >= 6 and not any(one.isalpha() for one in customer)
    core = digits.removeprefix("62").lstrip("0") if is_number else ""
    if len(core) >= 6:
        return re.search(r"[ .\-_()]{0,2}".join(core), external_id) is not None
    return len(customer) >= 4 and customer.casefold() in external_id.casefold()


def say(apps: Any, schema_editor: Any) -> None:
    """By the order of the keys: each piece is read where the one before it ended."""
    keys = MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    records = apps.get_model("retention", "Record").objects
    sealed = models.ExpressionWrapper(models.F("customer"), output_field=models.TextField())
    rows = records.exclude(state="destroyed").annotate(sealed=sealed).exclude(sealed="").order_by("pk")
    last = 0
    while some := list(rows.filter(pk__gt=last).values_list("pk", "external_id", "sealed")[:SOME]):
        last = some[-1][0]
        named = [pk for pk, external_id, kept in some if _names(keys, external_id, kept)]
        records.filter(pk__in=named).update(names_customer=True)


def _names(keys: MultiFernet, external_id: str, sealed: str) -> bool:
    try:
        return names(external_id, keys.decrypt(sealed.encode()).decode())
    except InvalidToken:
        return True


class Migration(migrations.Migration):
    dependencies = [("retention", "0023_check_of_package")]
    operations = [
        migrations.AddField(
            "record", "names_customer", models.BooleanField(db_default=False, default=False, editable=False)
        ),
        migrations.AddField("finding", "run", models.UUIDField(editable=False, null=True)),
        migrations.AddField("finding", "heard_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunPython(say, migrations.RunPython.noop),
    ]
