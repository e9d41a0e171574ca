"""Of homes that a roster brought in, and whose first day nobody wrote since, the first day is not known."""

from django.db import migrations
from django.db.models import Exists, OuterRef


def forget(apps, schema_editor):
    homes, states = (apps.get_model("members", name) for name in ("Residence", "HistoricalResidence"))
    brought = states.objects.filter(history_type="+", roster_import__isnull=False, since=OuterRef("since"))
    homes.objects.filter(Exists(brought.filter(id=OuterRef("pk")))).update(is_since_known=False)
    states.objects.filter(Exists(brought.filter(id=OuterRef("id")))).update(is_since_known=False)


class Migration(migrations.Migration):
    dependencies = [("members", "0005_first_day_known")]
    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
