"""Keys of employers' names, by which they are found; names for every street; where a unit was merged into another."""

import django.db.models.deletion
from django.db import migrations, models

import members.ground.unit_names


class Migration(migrations.Migration):
    dependencies = [("members", "0019_fold_names")]

    operations = [
        migrations.AddField("employer", "folded", members.ground.unit_names.FoldedField(how="folded")),
        migrations.AddField("employer", "core", members.ground.unit_names.FoldedField(how="core")),
        migrations.AddField(
            "employer",
            "merged_into",
            models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="members.employer",
                verbose_name="并入的单位",
            ),
        ),
        migrations.AddField("employername", "folded", members.ground.unit_names.FoldedField(how="folded")),
        migrations.AddField("employername", "core", members.ground.unit_names.FoldedField(how="core")),
        migrations.AlterField(
            "employername",
            "name",
            models.CharField(help_text="花名册里写这个名称，就认作这家单位。", max_length=100, verbose_name="叫法"),
        ),
        migrations.AlterField(
            "employername",
            "street",
            models.ForeignKey(
                blank=True,
                help_text="不选就是单位用过的名称，各街道都认。",
                limit_choices_to={"level": 1},
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.area",
                verbose_name="街道",
            ),
        ),
    ]
