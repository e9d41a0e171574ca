"""What is left of a member whose personal data was erased: a row without a person, by which counts stay the same."""

import secrets
from typing import Any

from django.db import models
from django.db.models import Q

ERASED_NAME = "已删除的党员"
TEXTS = (
    "pinyin", "initials", "sex", "birth_date", "id_digest", "phone_sealed", "phone_digest", "standing", "party_since",
    "employer_number", "rank", "skills", "remark",
)  # fmt: skip
# The columns of a member that erasing empties. Street, affiliation, homes and attendances are what counts need.
EMPTY: dict[str, Any] = {"name": ERASED_NAME, "employer": None} | dict.fromkeys(TEXTS, "")


def new_token() -> str:
    """Return a random token by which the journal knows a member; it reveals nothing and is never given twice."""
    return secrets.token_hex(16)


def is_empty_when_erased(name: str) -> models.CheckConstraint:
    """Return the constraint that no late write brings an erased member's data back."""
    return models.CheckConstraint(
        condition=Q(erased_at=None) | Q(**EMPTY),
        name=name,
        violation_error_message="这位党员的个人信息已经删除，不能再登记到这条记录上。",
    )
