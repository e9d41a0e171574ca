"""Print what an installation holds, as JSON, whatever its release: `python -m tests.upgrade.facts`.

Of each kind of row a count and a digest of what must not change; and the figures of the coverage report.
"""

import hashlib
import io
import json
import os
from datetime import date
from typing import Any

import django

KEPT = {
    "members.Member": ("pk", "name", "phone_digest", "id_digest", "affiliation", "standing", "employer__name"),
    "members.Residence": ("member", "area", "room", "since", "until", "joined_on"),
    "members.HistoricalMember": ("history_id", "id", "name", "history_type"),
    "members.Household": ("pk", "area", "room"),
    "members.Pairing": ("household", "neighbour", "since", "until"),
    "members.Consent": ("pk", "member", "purpose", "employer", "is_agreed", "given_on", "withdrawn_at"),
    "members.AuditEntry": ("pk", "at", "user", "action", "model", "row", "changes", "area_path"),
    "members.AreaRole": ("user", "area", "kind", "since", "until"),
    "activities.Activity": ("pk", "area", "title", "held_on", "status"),
    "activities.Attendance": ("activity", "member", "duty"),
    "activities.Visit": ("pairing", "visited_on", "kind"),
    "activities.Need": ("pk", "area", "text", "status"),
    "activities.Honour": ("pk", "area", "year", "kind"),
    "feedback.RecordCard": ("pk", "member", "employer", "status", "number", "digest", "body", "consent"),
    "feedback.Receipt": ("card", "digest", "previous", "hash", "signed_by"),
    "feedback.Answer": ("card", "version", "text", "thanks"),
    "feedback.Offer": ("pk", "employer", "area", "title", "status"),
    "feedback.EmployerKey": ("pk", "employer", "street", "prefix", "digest"),
}


def facts() -> dict[str, Any]:
    from django.apps import apps

    rows = {name: list(apps.get_model(name).objects.order_by("pk").values_list(*KEPT[name])) for name in KEPT}
    rows["members.AuditEntry"] = [row for row in rows["members.AuditEntry"] if row[3] != "rebind"]  # of the upgrade
    kept = {name: [len(some), hashlib.sha256(repr(some).encode()).hexdigest()[:16]] for name, some in rows.items()}
    return {"rows": kept, "coverage": coverage()}


def coverage() -> dict[str, Any]:
    from django.core.management import call_command

    out = io.StringIO()
    call_command("coverage", area="新成路街道", day=date(2026, 11, 20), format="json", stdout=out)
    return json.loads(out.getvalue())["figures"]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "louzu.settings")
    django.setup()
    print(json.dumps(facts(), indent=1))
