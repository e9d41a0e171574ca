"""No two consents share a token."""

from django.db import migrations, models

import members.models.consents


class Migration(migrations.Migration):
    dependencies = [("members", "0017_consent_tokens")]

    operations = [
        migrations.AlterField(
            "consent",
            "token",
            models.CharField(default=members.models.consents.new_token, editable=False, max_length=32, unique=True),
        ),
    ]
