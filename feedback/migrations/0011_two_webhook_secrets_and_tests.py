from django.db import migrations, models


class Migration(migrations.Migration):
    """A webhook's secret before stays good for a week, and messages may be tests."""

    dependencies = [("feedback", "0010_slips")]

    operations = [
        migrations.AddField(
            model_name="webhook",
            name="old_secret_sealed",
            field=models.CharField(blank=True, default="", editable=False, max_length=300),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="webhook",
            name="old_secret_until",
            field=models.DateTimeField(editable=False, null=True, verbose_name="旧签名密钥用到"),
        ),
        migrations.AddField(
            model_name="delivery",
            name="is_test",
            field=models.BooleanField(default=False, verbose_name="测试"),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="cursor",
            field=models.CharField(blank=True, max_length=200, verbose_name="卡片流位置"),
        ),
    ]
