"""Give each consent its token."""

import secrets

from django.db import migrations

BATCH = 900


def give_tokens(apps, schema_editor):
    consents = apps.get_model("members", "Consent").objects.filter(token=None).order_by("pk").only("pk")
    while rows := list(consents[:BATCH]):
        for consent in rows:
            consent.token = secrets.token_hex(16)
        consents.model.objects.bulk_update(rows, ["token"])


class Migration(migrations.Migration):
    dependencies = [("members", "0016_journal")]

    operations = [migrations.RunPython(give_tokens, migrations.RunPython.noop)]
