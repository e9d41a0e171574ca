"""No two members share a token."""

from django.db import migrations, models

import members.models.shells


class Migration(migrations.Migration):
    dependencies = [("members", "0033_member_tokens")]

    operations = [
        migrations.AlterField(
            "member",
            "token",
            models.CharField(default=members.models.shells.new_token, editable=False, max_length=32, unique=True),
        ),
        migrations.AlterField(
            "historicalmember",
            "token",
            models.CharField(db_index=True, default=members.models.shells.new_token, editable=False, max_length=32),
        ),
    ]
