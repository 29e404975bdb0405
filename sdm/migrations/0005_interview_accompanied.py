from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("sdm", "0004_old_interviews")]
    operations = [
        migrations.AddConstraint(
            "exitinterview",
            models.CheckConstraint(
                condition=Q(companion__isnull=False) | ~Q(alone_because="") | ~Q(accompanied_by=""),
                name="interview_accompanied_or_why_not",
            ),
        )
    ]
