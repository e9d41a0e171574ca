import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0027_verified_trail"),
    ]

    operations = [
        migrations.CreateModel(
            name="Move",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("house", "迁居"), ("away", "迁出"), ("back", "迁回")],
                        max_length=10,
                        verbose_name="办理",
                    ),
                ),
                ("ended", models.JSONField(default=dict, verbose_name="一起结束的")),
                ("began", models.PositiveBigIntegerField(default=0, verbose_name="办理前的最后一条历史")),
                ("mark", models.PositiveBigIntegerField(default=0, verbose_name="办理后的最后一条历史")),
                ("at", models.DateTimeField(db_index=True, verbose_name="办理时间")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="撤销时间")),
                (
                    "left",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="members.residence",
                        verbose_name="原住址",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="moves",
                        to="members.member",
                        verbose_name="党员",
                    ),
                ),
                (
                    "settled",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="members.residence",
                        verbose_name="新住址",
                    ),
                ),
            ],
            options={
                "verbose_name": "迁居迁出",
                "verbose_name_plural": "迁居迁出",
                "ordering": ["-pk"],
            },
        ),
    ]
