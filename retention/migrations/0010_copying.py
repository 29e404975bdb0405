"""A store gets what the others have: copying is a check of its own, and what cannot be copied a finding."""

from django.db import migrations, models

CHECKS = [("fixity", "Fixity"), ("listing", "Listing"), ("drill", "Restore drill"), ("copying", "Copying")]
FINDINGS = [
    ("damaged", "Damaged: another content"),
    ("size", "Damaged: another size"),
    ("pack_missing", "Package missing in the store"),
    ("not_copied", "Package that could not be copied into the store"),
    ("key_missing", "Key missing or wrong"),
    ("foreign_pack", "Package that the catalogue does not know"),
    ("unknown_file", "File at the source that the catalogue does not know"),
    ("file_gone", "File gone from the source"),
    ("file_changed", "File changed at the source"),
    ("not_run", "Check that was not run"),
    ("reappeared", "Destroyed record that has come back"),
]


def known(model, name, choices):
    values = [value for value, _label in choices]
    return [
        migrations.RemoveConstraint(model, name),
        migrations.AddConstraint(
            model, models.CheckConstraint(condition=models.Q(("kind__in", values)), name=name)
        ),
    ]  # fmt: skip


def kinds(model, choices, length, verbose):
    field = models.CharField(choices=choices, max_length=length, verbose_name=verbose)
    return migrations.AlterField(model, "kind", field)


class Migration(migrations.Migration):
    dependencies = [("retention", "0009_destroyed_paths")]
    operations = [
        kinds("check", CHECKS, 10, "kind"),
        kinds("finding", FINDINGS, 14, "kind"),
        kinds("historicalfinding", FINDINGS, 14, "kind"),
        *known("check", "check_kind_known", CHECKS),
        *known("finding", "retention_finding_kind", FINDINGS),
    ]
