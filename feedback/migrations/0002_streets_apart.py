"""What an employer has from each street stands apart: room for it, before `0003` fills it in."""

import django.db.models.deletion
from django.db import migrations, models

import feedback.models.feeds


def street(**more):
    return models.ForeignKey(
        limit_choices_to={"level": 1},
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="members.area",
        verbose_name="街道",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_record_cards"), ("members", "0003_what_cards_need")]

    operations = [
        migrations.AddField("recordcard", "street", street(editable=False, null=True)),
        migrations.AddField("replay", "street", street(null=True)),
        migrations.AddField("numberseries", "street", street(null=True)),
        migrations.AddField("feed", "street", street(null=True)),
        migrations.AlterField(
            "feed",
            "employer",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="feeds",
                to="members.employer",
                verbose_name="单位",
            ),
        ),
        migrations.AlterField(
            "feed",
            "epoch",
            models.CharField(default=feedback.models.feeds.new_epoch, max_length=16, verbose_name="轮次"),
        ),
        migrations.AddField(
            "feedevent",
            "feed",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="feedback.feed",
                verbose_name="卡片流",
            ),
        ),
        migrations.AddField(
            "receipt", "chain", models.CharField(blank=True, default="", max_length=16, verbose_name="回执链"), False
        ),
        migrations.RemoveConstraint("feedevent", "event_numbered_once"),
        migrations.RemoveConstraint("replay", "replay_key_once"),
        migrations.RemoveConstraint("numberseries", "series_of_street_and_year"),
        migrations.RemoveConstraint("contact", "contact_once"),
    ]
