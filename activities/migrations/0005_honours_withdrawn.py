from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activities", "0004_void_an_activity")]

    operations = [
        migrations.AddField(
            model_name="honour",
            name="withdrawn_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="撤回时间"),
        ),
        migrations.AddField(
            model_name="honour",
            name="withdrawal_reason",
            field=models.CharField(blank=True, default="", editable=False, max_length=100, verbose_name="撤回的原因"),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(model_name="honour", name="honour_once_a_year"),
        migrations.AddConstraint(
            model_name="honour",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)),
                fields=("area", "year", "kind", "theme"),
                name="honour_once_a_year",
                violation_error_message="这个楼组这一年已有这项荣誉。",
            ),
        ),
        migrations.AddConstraint(
            model_name="honour",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawal_reason", ""), ("withdrawn_at", None)),
                    models.Q(("withdrawn_at__isnull", False), models.Q(("withdrawal_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="honour_withdrawn_has_moment",
            ),
        ),
    ]
