"""Let PostgreSQL know on how many areas a hundred streets' activities lie.

From the sample that it takes unless told otherwise it expects twice as many at each, and reads a street's with workers
beside it, whose start costs more than the reading.
"""

from django.db import migrations

STEPS = 1_000  # of the histogram; the sample grows with them


def count_areas(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE activities_activity ALTER COLUMN area_id SET STATISTICS {STEPS}")


class Migration(migrations.Migration):
    dependencies = [("activities", "0005_honours_withdrawn")]

    operations = [migrations.RunPython(count_areas, migrations.RunPython.noop)]
