"""Give each member a token, and every state of them in the history the same one."""

import secrets

from django.db import migrations
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

BATCH = 900


def give_tokens(apps, schema_editor):
    members = apps.get_model("members", "Member").objects.filter(token=None).order_by("pk").only("pk")
    while rows := list(members[:BATCH]):
        for member in rows:
            member.token = secrets.token_hex(16)
        members.model.objects.bulk_update(rows, ["token"])
    token = members.model.objects.filter(pk=OuterRef("id")).values("token")[:1]
    states = apps.get_model("members", "HistoricalMember").objects.filter(token=None)
    states.update(token=Coalesce(Subquery(token), Value("")))


class Migration(migrations.Migration):
    dependencies = [("members", "0032_erasure")]

    operations = [migrations.RunPython(give_tokens, migrations.RunPython.noop)]
