from django.db import migrations


def say(apps, schema_editor):
    """Interviews from before it was asked for: that nobody was named is all that is known."""
    interviews = apps.get_model("sdm", "ExitInterview")
    interviews.objects.filter(accompanied_by="", companion=None, alone_because="").update(
        alone_because="⟦It was not asked for then.⟧"
    )


class Migration(migrations.Migration):
    dependencies = [("sdm", "0003_interview_companion")]
    operations = [migrations.RunPython(say, migrations.RunPython.noop)]
