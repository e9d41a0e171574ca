"""What a restored backup is told of: the journals' marks, and tokens that consents are known by in them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0015_forget_typed_names")]

    operations = [
        migrations.CreateModel(
            name="JournalMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journal", models.CharField(max_length=32, unique=True, verbose_name="日志")),
                ("position", models.PositiveBigIntegerField(default=0, verbose_name="位置")),
            ],
            options={"verbose_name": "恢复日志的位置", "verbose_name_plural": "恢复日志的位置"},
        ),
        migrations.AddField("consent", "token", models.CharField(editable=False, max_length=32, null=True)),
    ]
