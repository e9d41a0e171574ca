"""An employer has each former name once; one that was merged leaves its name to others."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("members", "0021_fold_names_of_employers")]

    operations = [
        migrations.RemoveConstraint("employer", "employer_named_once"),
        migrations.AddConstraint(
            "employer",
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(credit_code=None, merged_into=None),
                name="employer_named_once",
                violation_error_message="已有同名单位，请选用原来的，或补填信用代码以示区别。",
            ),
        ),
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
