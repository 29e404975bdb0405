from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_dates_possible"),
    ]

    operations = [
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("who", models.CharField(max_length=64)),
                ("place", models.CharField(max_length=64)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["who", "at"], name="attempt_who"),
                    models.Index(fields=["address", "at"], name="attempt_address"),
                    models.Index(fields=["at"], name="attempt_at"),
                ],
            },
        ),
    ]
