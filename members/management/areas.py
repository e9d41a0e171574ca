from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from members.models import Area


def prepare_database() -> None:
    """Make the tables of an empty database, so that a first import needs no other command before it."""
    if not connection.introspection.table_names():
        call_command("migrate", verbosity=0)


def area_named(text: str) -> Area:
    """Return the open area of this path or name; CommandError where there is none, or several on one level."""
    areas = Area.objects.real().current()
    found = list(areas.filter(path=text) if text.isdigit() else areas.filter(name=text).order_by("level")[:2])
    if not found:
        raise CommandError(f"没有“{text}”这个区域。先用 import_areas 导入，或用 --area 给出路径。", returncode=2)
    if len(found) > 1 and found[0].level == found[1].level:
        raise CommandError(f"有不止一个“{text}”，请用路径指明，如 {found[0].path}。", returncode=2)
    return found[0]
