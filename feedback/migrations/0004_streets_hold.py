"""What an employer has from each street stands apart: the database holds to it."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


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
    dependencies = [("feedback", "0003_split_feeds")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop),  # feeds that were split are not put together again
        migrations.AlterField("recordcard", "street", street(editable=False)),
        migrations.AlterField("replay", "street", street()),
        migrations.AlterField("numberseries", "street", street()),
        migrations.AlterField("feed", "street", street()),
        migrations.AlterField(
            "feedevent",
            "feed",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="feedback.feed",
                verbose_name="卡片流",
            ),
        ),
        migrations.AlterModelOptions(
            "feedevent", {"ordering": ["feed", "seq"], "verbose_name": "卡片流", "verbose_name_plural": "卡片流"}
        ),
        migrations.RemoveField("feedevent", "employer"),
        migrations.RemoveField("numberseries", "code"),
        migrations.RemoveIndex("recordcard", "card_employer_number"),
        migrations.AddIndex(
            "recordcard", models.Index(fields=["employer", "street", "number"], name="card_counterpart_number")
        ),
        migrations.AddConstraint(
            "feed", models.UniqueConstraint(fields=["employer", "street"], name="feed_one_a_street")
        ),
        migrations.AddConstraint(
            "feedevent", models.UniqueConstraint(fields=["feed", "seq"], name="event_once_in_feed")
        ),
        migrations.AddConstraint(
            "replay", models.UniqueConstraint(fields=["employer", "street", "key"], name="replay_once_a_street")
        ),
        migrations.AddConstraint(
            "numberseries", models.UniqueConstraint(fields=["street", "year"], name="series_of_street_and_year")
        ),
        migrations.AddConstraint(
            "contact",
            models.UniqueConstraint(
                condition=Q(until=None),
                fields=["user", "employer", "street"],
                name="contact_once_a_street",
                violation_error_message="这位用户已经是这个单位的联系人。",
            ),
        ),
    ]
