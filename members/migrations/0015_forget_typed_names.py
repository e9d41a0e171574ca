from django.db import migrations

MODELS = ("AccessAttempt", "AccessLog", "AccessFailureLog")


def forget(apps, schema_editor):
    """Empty what was kept of log-ins in clear: nothing reads or purges it any more, and a name may be a password."""
    for name in MODELS:
        apps.get_model("axes", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("axes", "0010_accessattemptexpiration"),
        ("members", "0014_employer_names"),
    ]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
