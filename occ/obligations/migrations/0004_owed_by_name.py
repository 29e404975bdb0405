from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Several may owe the same of one subject, each by name: the signatures of one document."""

    dependencies = [
        ("obligations", "0003_in_time_after_all"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="obligation", name="obligation_one_open"),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.UniqueConstraint(
                fields=["rule", "content_type", "object_id", "owner"],
                name="obligation_one_open",
                condition=Q(state="open"),
                nulls_distinct=False,
            ),
        ),
    ]
