"""Let PostgreSQL know how many areas a street has, and find the areas of a level by an index.

A street is a range of paths. By the hundred steps that PostgreSQL keeps unless told otherwise, it takes one of a hundred
streets for two areas instead of nine hundred, and reads tables row by row for them.
"""

from django.db import migrations, models

STEPS = 2_000  # of the histogram; of the 10,000 that PostgreSQL allows


def count_paths(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE members_area ALTER COLUMN path SET STATISTICS {STEPS}")


class Migration(migrations.Migration):
    dependencies = [("members", "0036_first_passwords_end")]

    operations = [
        migrations.AddIndex(
            model_name="area", index=models.Index(fields=["level", "path"], name="area_of_level_in_order")
        ),
        migrations.RunPython(count_paths, migrations.RunPython.noop),
    ]
