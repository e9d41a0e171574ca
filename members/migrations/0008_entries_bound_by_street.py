"""Bind the entries of 0.3.0's one chain anew: a chain for each street and one for the installation, under the key.

They are verified by the old rule first. What comes of it is said in the installation's chain, since the old hashes go.
"""

import hashlib
import hmac

import orjson
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

NAMES = ("action", "model", "row", "changes", "area_path", "address", "request_id", "reason", "user_id")
BATCH = 1_000


def bind_by_street(apps, schema_editor):
    entries, heads = apps.get_model("members", "AuditEntry"), apps.get_model("members", "AuditHead")
    old_head = heads.objects.values_list("hash", flat=True).first() or ""
    heads.objects.all().delete()
    chains, first_broken, last, count = {}, None, "", 0
    for batch in _batches(entries):
        for entry in batch:
            fits = entry.previous == last and entry.hash == _old_hash(last, _values(entry))
            first_broken = first_broken or (None if fits else entry.pk)
            last, count = entry.hash, count + 1
            _bind(entry, chains)
        _write(schema_editor.connection, batch)
    if count or old_head:
        told = {"entries": count, "first_broken": first_broken, "tail_is_whole": last == old_head, "old_head": old_head}
        added = entries(at=timezone.now(), action="rebind", model="members.AuditEntry", changes=told)
        added.request_id = "migrate"
        _bind(added, chains)
        added.save()
    heads.objects.bulk_create(
        heads(chain=chain, number=number, hash=hashed) for chain, (number, hashed) in sorted(chains.items())
    )


def bind_in_one(apps, schema_editor):
    """Back to the old rule, so that 0.3.0 goes on behind the last entry."""
    entries, heads = apps.get_model("members", "AuditEntry"), apps.get_model("members", "AuditHead")
    last = ""
    for batch in _batches(entries):
        for entry in batch:
            entry.previous, entry.chain, entry.number = last, "", None
            entry.hash = last = _old_hash(last, _values(entry))
        _write(schema_editor.connection, batch)
    heads.objects.all().delete()
    heads.objects.create(pk=1, chain="", hash=last)


def _batches(entries):
    """By numbers that follow each other: asked for "the next thousand", PostgreSQL may sort all the rest each time."""
    rows = entries.objects.order_by("pk")
    ends = rows.aggregate(first=models.Min("pk"), last=models.Max("pk"))
    for start in range(ends["first"] or 0, (ends["last"] or 0) + 1, BATCH):
        if batch := list(rows.filter(pk__range=(start, start + BATCH - 1))):
            yield batch


def _values(entry):
    return {"at": entry.at.timestamp()} | {name: getattr(entry, name) for name in NAMES}


def _packed(values):
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str)


def _old_hash(previous, values):
    return hashlib.sha256(previous.encode() + _packed(values)).hexdigest()


def _bind(entry, chains):
    """Put the entry behind the last one of its street's chain."""
    entry.chain = entry.area_path[:4]
    number, entry.previous = chains.get(entry.chain, (0, ""))
    entry.number = number + 1
    bound = entry.previous.encode() + _packed(_values(entry) | {"chain": entry.chain, "number": entry.number})
    entry.hash = hmac.digest(settings.LOUZU_AUDIT_KEY.encode(), bound, "sha256").hex()
    chains[entry.chain] = (entry.number, entry.hash)


def _write(connection, batch):
    """One statement a batch: an UPDATE a row would take minutes for a trail of some hundred thousand."""
    rows = [(entry.pk, entry.chain, entry.number, entry.previous, entry.hash) for entry in batch]
    values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
    # A column of nothing but NULL has no type of its own.
    taken = "chain = v.column2, number = CAST(v.column3 AS bigint), previous = v.column4, hash = v.column5"
    parts = ["UPDATE members_auditentry AS e SET", taken, "FROM (VALUES", values, ") AS v WHERE e.id = v.column1"]
    with connection.cursor() as cursor:
        cursor.execute(" ".join(parts), [value for row in rows for value in row])


class Migration(migrations.Migration):
    dependencies = [("members", "0007_a_chain_for_each_street")]

    operations = [migrations.RunPython(bind_by_street, bind_in_one)]
