"""Split each employer's feed by the streets whose cards it told of; number the events anew, each street from one.

Cursors and chains of receipts begin anew with it. Receipts that were given stay as they were signed.
"""

import secrets
from itertools import groupby

from django.db import migrations
from django.db.models import OuterRef, Subquery

BATCH = 1000


def epoch():
    return secrets.token_hex(8)


def give_cards_their_street(apps, schema_editor):
    """The street that its community lies in, whose office issued it: there the trail and the numbers know it."""
    areas, cards = apps.get_model("members", "Area").objects, apps.get_model("feedback", "RecordCard").objects
    for street in areas.filter(level=1):
        cards.filter(area__path__startswith=street.path).update(street_id=street.pk)
    members = apps.get_model("members", "Member").objects.filter(pk=OuterRef("member_id"))
    cards.filter(street=None).update(street_id=Subquery(members.values("street_id")))  # whose street is missing


def split_feeds(apps, schema_editor):
    feeds = apps.get_model("feedback", "Feed").objects
    cards = apps.get_model("feedback", "RecordCard").objects
    for feed in feeds.all():
        told = cards.filter(events__employer=feed.employer_id).order_by()
        streets = sorted(set(told.values_list("street", flat=True)))
        if not streets:  # nothing was told: it is made when there is something
            feed.delete()
            continue
        for street in streets[1:]:
            feeds.create(employer_id=feed.employer_id, street_id=street, epoch=epoch(), fetched_at=feed.fetched_at)
        feed.street_id, feed.epoch, feed.last_receipt = streets[0], epoch(), ""
        feed.save()


def number_events(apps, schema_editor):
    events = apps.get_model("feedback", "FeedEvent").objects
    for feed in apps.get_model("feedback", "Feed").objects.order_by("pk"):
        rows = events.filter(employer=feed.employer_id, card__street=feed.street_id).order_by("seq")
        kept = list(rows.only("seq", "told"))
        for number, event in enumerate(kept, 1):
            event.told = event.told.replace(f'{{"seq":{event.seq},', f'{{"seq":{number},', 1)
            event.feed_id, event.seq = feed.pk, number
        events.bulk_update(kept, ["feed", "seq", "told"], batch_size=200)
        feed.last_seq = len(kept)
        feed.save(update_fields=["last_seq"])


def give_series_their_street(apps, schema_editor):
    """The series of a code goes on as its street's; of several codes that a street had, the highest number counts."""
    areas, series = apps.get_model("members", "Area").objects, apps.get_model("feedback", "NumberSeries").objects
    streets = {street.path: street for street in areas.filter(level=1)}
    streets |= {street.division_code: street for street in streets.values() if street.division_code}
    last = {}
    for row in series.all():
        if row.code in streets:
            pair = (streets[row.code].pk, row.year)
            last[pair] = max(last.get(pair, 0), row.last)
    series.all().delete()
    series.bulk_create([series.model(street_id=pk, year=year, last=number) for (pk, year), number in last.items()])


def keep_replays(apps, schema_editor):
    """An answer is kept for each street whose key may have asked: the same call again is not done again."""
    keys, replays = apps.get_model("feedback", "EmployerKey").objects, apps.get_model("feedback", "Replay").objects
    pairs = sorted(set(keys.order_by().values_list("employer", "street")))
    for employer, some in groupby(pairs, key=lambda pair: pair[0]):
        first, *others = [street for _, street in some]
        kept = list(replays.filter(employer=employer)) if others else []
        replays.filter(employer=employer).update(street_id=first)
        for street in others:
            for replay in kept:
                replay.pk, replay.street_id = None, street
            replays.bulk_create(kept, batch_size=BATCH)
    replays.filter(street=None).delete()


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_streets_apart")]

    operations = [
        migrations.RunPython(each, migrations.RunPython.noop)
        for each in (give_cards_their_street, split_feeds, number_events, give_series_their_street, keep_replays)
    ]
