"""Try what must work after an upgrade: `python -m tests.upgrade.after KEY`; prints what was found, as JSON."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import django


def receipts_verify() -> str:
    """What the verifier says of all receipts, those of before and one that is given now."""
    from django.conf import settings

    from feedback.feed import receipts
    from feedback.models import Receipt

    told = [receipts.signed(row) for row in Receipt.objects.select_related("card").order_by("pk")]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "keys.json").write_text(json.dumps({"keys": receipts.public_keys()}))
        chains = {}
        for each in told:
            chains.setdefault((each["receipt"].get("chain"), _employer(each)), []).append(json.dumps(each))
        for lines in chains.values():
            (Path(folder) / "receipts.jsonl").write_text("\n".join(lines), "utf-8")
            command = [
                sys.executable,
                settings.BASE_DIR / "docs/employer/verify_receipt.py",
                "keys.json",
                "receipts.jsonl",
            ]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                return done.stdout + done.stderr
    return f"{len(told)} verify"


def _employer(signed: dict) -> int:
    from feedback.models import RecordCard

    return RecordCard.objects.get(number=signed["receipt"]["number"]).employer_id


def feed_reads(key: str) -> dict[str, object]:
    """What a client reads from the start, page by page; and what the cursor of before is answered."""
    from django.core.signing import Signer
    from rest_framework.test import APIClient

    from feedback.models import EmployerKey, RecordCard

    client = APIClient(headers={"Authorization": f"Bearer {key}"}, SERVER_NAME="localhost")
    owner = EmployerKey.objects.get(prefix=key.split("_")[1])
    seqs, bodies, page = [], {}, {"more": True, "next": ""}
    while page["more"]:
        page = client.get("/api/v1/feed", {"after": page["next"], "limit": 200}).json()
        for event in page["events"]:
            seqs.append(event["seq"])
            bodies[event["card"]["number"]] = event["card"]["body"] is not None
    held = RecordCard.objects.ever_issued().filter(employer=owner.employer, street=owner.street)
    old = client.get("/api/v1/feed", {"after": Signer(salt=f"feedback.feed.{owner.employer_id}").sign("1.3")})
    waiting = held.filter(status="issued").first()
    given = client.post(f"/api/v1/cards/{waiting.number}/receipt", {"digest": waiting.digest}, format="json")
    return {
        "gapless": seqs == list(range(1, len(seqs) + 1)) and len(seqs) > 0,
        "as the server": bodies == {card.number: bool(card.body) for card in held},
        "old cursor": old.json()["type"],
        "receipt": given.status_code,
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "louzu.settings")
    django.setup()
    found = feed_reads(sys.argv[1])
    print(json.dumps({"feed": found, "receipts": receipts_verify()}))
