"""Fold the names of the employers on record."""

from django.db import migrations

from members.ground.unit_names import core, folded

BATCH = 900


def fold(apps, schema_editor):
    for model in (apps.get_model("members.Employer"), apps.get_model("members.EmployerName")):
        last = 0
        rows = model.objects.order_by("pk").only("pk", "name")
        while part := list(rows.filter(pk__gt=last)[:BATCH]):
            for row in part:
                row.folded, row.core = folded(row.name), core(row.name)
            model.objects.bulk_update(part, ["folded", "core"])
            last = part[-1].pk


class Migration(migrations.Migration):
    dependencies = [("members", "0020_names_of_employers")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
