"""The witness of a destruction by hand is named with position and organisation, as a berita acara names them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0020_findings_by_key")]
    operations = [
        migrations.AlterField(
            "shredding", "witness_position", models.CharField(max_length=170, verbose_name="position of the witness")
        )
    ]
