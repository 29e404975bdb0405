"""What was settled before its way had to be named keeps its state: accepted ones stay as they are, of resolved ones it is
said that no way was named."""

from typing import Any

from django.db import migrations


def name(apps: Any, schema_editor: Any) -> None:
    findings = apps.get_model("userids", "Finding").objects
    findings.filter(status="resolved", way="").update(way="before")
    findings.filter(status="accepted", way="").update(way="as_it_is")


def take_back(apps: Any, schema_editor: Any) -> None:
    """The version before knows nothing between open and resolved; the obligation of such a finding is open."""
    apps.get_model("userids", "Finding").objects.filter(status="claimed").update(status="open", accepted_until=None)


class Migration(migrations.Migration):
    dependencies = [("userids", "0010_finding_ways")]

    operations = [migrations.RunPython(name, take_back)]
