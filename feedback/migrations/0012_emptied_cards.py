"""The text of an issued card may be emptied when its time is over."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0011_two_webhook_secrets_and_tests"),
        ("members", "0034_each_member_has_a_token"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="recordcard",
            name="card_issued_is_frozen",
        ),
        migrations.AddField(
            model_name="recordcard",
            name="emptied_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="清空内容的时间"),
        ),
        migrations.AddConstraint(
            model_name="recordcard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("body", ""),
                        ("digest", ""),
                        ("issued_at", None),
                        ("number", None),
                        ("status__in", ("draft", "shown", "agreed", "objected")),
                    ),
                    models.Q(
                        ("issued_at__isnull", False),
                        ("number__isnull", False),
                        ("status__in", ("issued", "received", "answered", "returned")),
                        models.Q(models.Q(("body", ""), _negated=True), ("emptied_at__isnull", False), _connector="OR"),
                        models.Q(("digest", ""), _negated=True),
                    ),
                    models.Q(("body", ""), ("status", "withdrawn")),
                    _connector="OR",
                ),
                name="card_issued_is_frozen",
            ),
        ),
    ]
