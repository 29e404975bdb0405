"""What was fulfilled in time, and written down as such, keeps no breach from before: it would count as late.

Until breaches had a judgement of their own, a sweep's breach stayed on an obligation that was shown to have been
fulfilled in time. Its ledger entry says so (`on_time`); what is late by a breach that stays says there that it is.
The breach of a user ID shut late has a judge of its own, and is looked at in the app of user IDs.
"""

from typing import Any

from django.db import migrations
from django.db.models import F
from django.utils import timezone


def put_right(apps: Any, schema_editor: Any) -> None:
    obligations, entries = apps.get_model("obligations", "Obligation"), apps.get_model("ledger", "Entry")
    now, label = timezone.now(), "obligations.obligation"
    rows = obligations.objects.filter(state="fulfilled", fulfilled_at__lte=F("due_at"), breached_at__isnull=False)
    for row in rows.exclude(rule="userids.deactivate").select_related("site").order_by("pk"):
        said = entries.objects.filter(action="obligation.fulfilled", subject_type=label, subject_id=str(row.pk))
        last = said.order_by("-pk").first()
        if last is None or last.data.get("on_time") is not True:
            continue
        was, row.breached_at = row.breached_at, None
        row.save(update_fields=["breached_at"])
        entries.objects.create(
            at=now, actor_label="system:migration", action="obligation.acquitted", subject_type=label,
            subject_id=str(row.pk), site_code=row.site.code,
            data={"breached_at": was.isoformat(), "reason": "Fulfilled in time, as the ledger says"},
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("obligations", "0002_triggers"), ("ledger", "0001_initial")]

    operations = [migrations.RunPython(put_right, migrations.RunPython.noop)]
