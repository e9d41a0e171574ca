"""Fold the names and rooms that were typed before every door read them in one way.

Each changed row leaves a state in its history, and each street one entry in its trail. A row that would then be the
same as another one (two records of one person, two of one door) stays as it is: which of the two goes is for people.
"""

from collections import Counter, defaultdict

from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

from members.ground.audit import chain_hash
from members.ground.names import LONGEST, fold_name
from members.ground.pinyin import spell
from members.ground.rooms import fold_room, read_door

BATCH, AT_ONCE = 400, 5_000  # rows to write, rows to read
STREET = 4  # leading digits of a path that name its street
BOUND = ("action", "model", "row", "changes", "area_path", "address", "request_id", "reason", "user_id")


def fold(apps, schema_editor):
    done = defaultdict(Counter)  # by the street's path: model → rows
    for name, changed in (("Member", _members), ("Residence", _residences), ("Household", _households)):
        _write(apps, name, changed(apps.get_model("members", name)), done)
    _tell(apps, done)


def _members(people):
    """Return by id the street's path and the new columns of each member whose name changes."""
    changes = {}
    for pk, name, path in _rows(people, "name", "street__path"):
        if (folded := fold_name(name)) != name and len(folded) <= LONGEST:
            pinyin, initials = spell(folded)
            changes[pk] = path, {"name": folded, "pinyin": pinyin, "initials": initials}
    for part in _parts(list(changes)):
        known = people.objects.filter(pk__in=part).exclude(id_digest="").order_by("pk")
        for pk, street, digest in known.values_list("pk", "street", "id_digest"):
            alike = people.objects.filter(street=street, id_digest=digest).exclude(pk=pk)
            if any(fold_name(name) == changes[pk][1]["name"] for name in alike.values_list("name", flat=True)):
                del changes[pk]
    return changes


def _residences(homes):
    rows = _rows(homes, "room", "area__path")
    return {pk: (path, {"room": fold_room(room)}) for pk, room, path in rows if _is_to_fold(room)}


def _households(doors):
    changes = {}
    for pk, room, path in _rows(doors, "room", "area__path"):
        if _is_to_fold(room):
            folded = fold_room(room)
            unit, floor, number = read_door(folded)
            changes[pk] = path, {"room": folded, "unit": unit, "floor": floor, "number": number}
    taken = set()
    for pk, area in doors.objects.filter(pk__in=list(changes)).order_by("pk").values_list("pk", "area"):
        door = area, changes[pk][1]["room"]
        if not door[1] or door in taken or doors.objects.filter(area=area, room=door[1]).exists():
            del changes[pk]
        taken.add(door)
    return changes


def _rows(model, *columns):
    """Yield id and columns of every row, by ranges of numbers."""
    rows = model.objects.order_by("pk").values_list("pk", *columns)
    ends = model.objects.aggregate(first=models.Min("pk"), last=models.Max("pk"))
    for start in range(ends["first"] or 0, (ends["last"] or 0) + 1, AT_ONCE):
        yield from list(rows.filter(pk__range=(start, start + AT_ONCE - 1)))


def _is_to_fold(room):
    return not room.isascii() and fold_room(room) != room


def _write(apps, name, changes, done):
    model, states = apps.get_model("members", name), apps.get_model("members", f"Historical{name}")
    columns = [field.attname for field in model._meta.concrete_fields]
    now = timezone.now()
    for part in _parts(list(changes)):
        rows = list(model.objects.filter(pk__in=part))
        for row in rows:
            path, values = changes[row.pk]
            done[path[:STREET]][name] += 1
            for column, value in values.items():
                setattr(row, column, value)
        model.objects.bulk_update(rows, list(changes[part[0]][1]))
        states.objects.bulk_create(
            states(**{name: getattr(row, name) for name in columns}, history_date=now, history_type="~") for row in rows
        )


def _tell(apps, done):
    """Add an entry behind the last one of each street's chain."""
    entries, heads = apps.get_model("members", "AuditEntry"), apps.get_model("members", "AuditHead")
    for chain, rows in sorted(done.items()):
        head, _ = heads.objects.get_or_create(chain=chain)
        entry = entries(at=timezone.now(), action="change", model="members.Member", changes={"folded": dict(rows)})
        entry.request_id, entry.reason = "migrate", "姓名、室号统一写法"
        entry.area_path = entry.chain = chain
        entry.number, entry.previous = head.number + 1, head.hash
        values = {"at": entry.at.timestamp()} | {name: getattr(entry, name) for name in (*BOUND, "chain", "number")}
        entry.hash = chain_hash(entry.previous, values, settings.LOUZU_AUDIT_KEY)
        entry.save()
        head.number, head.hash = entry.number, entry.hash
        head.save()


def _parts(pks):
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))


class Migration(migrations.Migration):
    dependencies = [("members", "0018_each_consent_has_a_token")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
