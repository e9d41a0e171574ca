from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0006_first_day_of_a_roster")]

    operations = [
        migrations.AddField(
            "auditentry",
            "chain",
            models.CharField("所在链", max_length=4, blank=True, default="", help_text="街道的路径；空的是全平台的。"),
            preserve_default=False,
        ),
        migrations.AddField("auditentry", "number", models.PositiveBigIntegerField("链中序号", null=True)),
        migrations.AddField(
            "audithead",
            "chain",
            models.CharField("所在链", max_length=4, blank=True, unique=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField("audithead", "number", models.PositiveBigIntegerField("条数", default=0)),
    ]
