"""The words of what became of a rostered day, as they are shown."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("realtime", "0020_reporting_views"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attendancemark",
            name="said",
            field=models.CharField(
                choices=[
                    ("awaited", "Awaited"),
                    ("present", "Present"),
                    ("late", "Late"),
                    ("absent", "Did not come"),
                    ("unknown", "Not known"),
                    ("permission", "Permission"),
                    ("sick", "Sick"),
                    ("leave", "Leave"),
                    ("swap", "Swapped"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="attendancemark",
            name="status",
            field=models.CharField(
                choices=[
                    ("awaited", "Awaited"),
                    ("present", "Present"),
                    ("late", "Late"),
                    ("absent", "Did not come"),
                    ("unknown", "Not known"),
                    ("permission", "Permission"),
                    ("sick", "Sick"),
                    ("leave", "Leave"),
                    ("swap", "Swapped"),
                ],
                max_length=10,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="historicalattendancemark",
            name="said",
            field=models.CharField(
                choices=[
                    ("awaited", "Awaited"),
                    ("present", "Present"),
                    ("late", "Late"),
                    ("absent", "Did not come"),
                    ("unknown", "Not known"),
                    ("permission", "Permission"),
                    ("sick", "Sick"),
                    ("leave", "Leave"),
                    ("swap", "Swapped"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="historicalattendancemark",
            name="status",
            field=models.CharField(
                choices=[
                    ("awaited", "Awaited"),
                    ("present", "Present"),
                    ("late", "Late"),
                    ("absent", "Did not come"),
                    ("unknown", "Not known"),
                    ("permission", "Permission"),
                    ("sick", "Sick"),
                    ("leave", "Leave"),
                    ("swap", "Swapped"),
                ],
                max_length=10,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="shiftrecord",
            name="status",
            field=models.CharField(
                choices=[
                    ("awaited", "Awaited"),
                    ("present", "Present"),
                    ("late", "Late"),
                    ("absent", "Did not come"),
                    ("unknown", "Not known"),
                    ("permission", "Permission"),
                    ("sick", "Sick"),
                    ("leave", "Leave"),
                    ("swap", "Swapped"),
                ],
                max_length=10,
                verbose_name="status",
            ),
        ),
    ]
