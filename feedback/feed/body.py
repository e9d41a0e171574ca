"""The body of a card: rendered once when it is issued, then never changed (docs/design/cards.md, "The frozen body").

It is canonical JSON: UTF-8, keys sorted, no white space. It contains no address, phone, ID number, other member or
resident.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from feedback.models import RecordCard

COUNTED = {"activity": "activities", "visit": "visits", "need": "needs"}


def canonical(value: Any) -> str:
    """Return JSON that is the same text for equal values."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def render(card: RecordCard, *, number: str, street: str, contacts: Mapping[str, str], day: date) -> str:
    """Return the body of a card that is issued on this day.

    Its member, employer, area and `supersedes` are loaded. `street` is the street's name; `contacts` are by area path.
    """
    return canonical(
        {
            "number": number,
            "supersedes": card.supersedes.number if card.supersedes else None,
            "issued_on": day,
            "period": {"code": card.period.code, "first": card.first_day, "last": card.last_day},
            "member": {"name": card.member.name, "employer_number": card.member.employer_number or None},
            "employer": {"name": card.employer.name, "credit_code": card.employer.credit_code},
            "from": {
                "street": street,
                "street_contact": contacts.get(card.area.street_path, ""),
                "community": card.area.name,
                "community_contact": contacts.get(card.area.path, ""),
            },
            **content_of(card.kept_lines),
            "sentence": card.sentence,
        }
    )


def content_of(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the body's content: lines of what the member did on a day, the roles, the counts."""
    kinds = Counter(line["kind"] for line in lines)
    return {
        "lines": [
            {name: line[name] for name in ("day", "title", "tier", "field", "duty")}
            for line in lines
            if line["kind"] in COUNTED
        ],
        "duties": [line["title"] for line in lines if line["kind"] == "duty"],
        "counts": {name: kinds[kind] for kind, name in COUNTED.items()},
    }
