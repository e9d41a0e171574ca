from django.db import migrations, models

import members.ground.partial_date


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0028_moves"),
    ]

    operations = [
        migrations.AlterField(
            model_name="consent",
            name="purpose",
            field=models.CharField(
                choices=[("stairwell", "楼道公示姓名"), ("cards", "把记录卡发给单位")],
                default="stairwell",
                max_length=20,
                verbose_name="用途",
            ),
        ),
        migrations.AlterField(
            model_name="historicalmember",
            name="birth_date",
            field=members.ground.partial_date.PartialDateField(blank=True, max_length=10, verbose_name="出生年月"),
        ),
        migrations.AlterField(
            model_name="member",
            name="birth_date",
            field=members.ground.partial_date.PartialDateField(blank=True, max_length=10, verbose_name="出生年月"),
        ),
    ]
