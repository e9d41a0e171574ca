"""An employer has each former name once."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("members", "0022a_fold_names_of_employers")]

    operations = [
        migrations.AddConstraint(
            "employername",
            models.UniqueConstraint(
                fields=["employer", "folded"],
                condition=Q(street=None),
                name="employer_former_name_once",
                violation_error_message="这家单位已经有这个曾用名。",
            ),
        ),
    ]
