"""A user ID shut in time keeps no breach from before, where the application showed it or the coordinator says so.

What else was said to have been in time stays for the coordinator to judge by its breach review (SOP-UID 8.3).
"""

from typing import Any

from django.db import migrations
from django.db.models import F
from django.utils import timezone


def put_right(apps: Any, schema_editor: Any) -> None:
    entries, events = apps.get_model("ledger", "Entry"), apps.get_model("obligations", "ObligationEvent")
    reviews = apps.get_model("userids", "BreachReview").objects.all()
    now = timezone.now()
    rows = apps.get_model("obligations", "Obligation").objects.filter(
        rule="userids.deactivate", state="fulfilled", fulfilled_at__lte=F("due_at"), breached_at__isnull=False
    )
    for row in rows.select_related("site").order_by("pk"):
        review = reviews.filter(request_id=row.object_id).first()
        ended = events.objects.filter(obligation=row, kind="fulfilled").order_by("pk").last()
        shown = ended is not None and ended.actor_label == "system:connector" and row.breached_at == row.due_at
        if not shown and (review is None or review.status != "void"):
            continue
        was, row.breached_at = row.breached_at, None
        row.save(update_fields=["breached_at"])
        reason = "The application shows that it was shut in time" if shown else "Its breach review is void"
        entries.objects.create(
            at=now, actor_label="system:migration", action="obligation.acquitted",
            subject_type="obligations.obligation", subject_id=str(row.pk), site_code=row.site.code,
            data={"breached_at": was.isoformat(), "reason": reason},
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("userids", "0007_asked_besides"),
        ("obligations", "0003_in_time_after_all"),
        ("ledger", "0001_initial"),
    ]

    operations = [migrations.RunPython(put_right, migrations.RunPython.noop)]
