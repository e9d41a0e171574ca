import django.db.models.deletion
from django.db import migrations, models


def practice() -> models.ForeignKey:
    return models.ForeignKey(
        editable=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="members.area",
        verbose_name="测试街道",
    )


class Migration(migrations.Migration):
    """Keys and webhooks may be for tests: they open the practice street."""

    dependencies = [("feedback", "0012_emptied_cards"), ("members", "0031_transfers")]

    operations = [
        migrations.AddField(model_name="employerkey", name="practice", field=practice()),
        migrations.AddField(model_name="webhook", name="practice", field=practice()),
    ]
