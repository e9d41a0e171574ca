"""Serializer fields that follow the access rule, or mask what must not be read."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.relations import PKOnlyObject

from members.ground.days import Unreadable, read_day
from members.ground.sealing import mask_phone
from members.roster.cells import read_cell

UNKNOWN = "没有这一条，或者它不在您的范围内。"
LARGEST_ID = 2**63 - 1


class ScopedField(serializers.PrimaryKeyRelatedField):
    """The id of a related row that the user may see; any other is refused as if it did not exist.

    `rows` returns the rows of a user. `id_attribute` names the attribute with the id, where it is no foreign key.
    """

    default_error_messages = {"does_not_exist": UNKNOWN, "incorrect_type": "请填写编号（整数）。"}

    def __init__(self, *, rows: Callable[[Any], models.QuerySet] | None = None, id_attribute: str = "", **kwargs: Any):
        self.rows, self.id_attribute = rows, id_attribute
        if rows:
            kwargs["queryset"] = models.QuerySet()
        super().__init__(pk_field=serializers.IntegerField(min_value=1), **kwargs)

    def get_queryset(self) -> models.QuerySet:
        assert self.rows is not None
        return self.rows(self.context["request"].user)

    def get_attribute(self, row: Any) -> Any:
        return PKOnlyObject(pk=getattr(row, self.id_attribute)) if self.id_attribute else super().get_attribute(row)


class IdField(serializers.IntegerField):
    """A plain id, within the range that the databases can compare; the caller looks up the row."""

    def __init__(self, **kwargs: Any):
        super().__init__(min_value=1, max_value=LARGEST_ID, **kwargs)


class IdsField(serializers.ListField):
    """Ids of rows, each once and `most` of them at most, so that they can be looked up in one query."""

    def __init__(self, *, most: int, **kwargs: Any):
        self.most = most
        super().__init__(child=IdField(), max_length=most, **kwargs)

    def to_internal_value(self, data: Any) -> list[int]:
        if isinstance(data, list) and len(data) > self.most:
            raise serializers.ValidationError(f"一次最多 {self.most:,} 个，请分几次提交。")
        return list(dict.fromkeys(super().to_internal_value(data)))


class PastDayApiField(serializers.DateField):
    """A day that is not in the future."""

    def to_internal_value(self, value: Any) -> Any:
        day = super().to_internal_value(value)
        if day > timezone.localdate():
            raise serializers.ValidationError("日期不能晚于今天。")
        return day


class RosterField(serializers.CharField):
    """Text read as the roster reads its cell, with the same sentences."""

    reader = ""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return self.read(text) if text else ""
        except Unreadable as problem:
            raise serializers.ValidationError(f"{problem}。") from problem

    def read(self, text: str) -> str:
        return read_cell(self.reader, text, timezone.localdate())


class NameField(RosterField):
    """The name of one person."""

    reader = "name"


class PhoneField(RosterField):
    """A phone number, written in full and read masked: 138****5678."""

    reader = "phone"

    def to_representation(self, value: str) -> str:
        return mask_phone(value)


class CreditCodeField(RosterField):
    """A credit code of GB 32100."""

    reader = "credit_code"


class IdNumberField(RosterField):
    """An ID number, written to recognise the person and never read."""

    reader = "id_number"


@extend_schema_field({"type": "string", "example": "1998-07"})
class PartialDateApiField(RosterField):
    """1998, 1998-07 or 1998-07-01: as much as is known. Other common spellings are read too."""

    def read(self, text: str) -> str:
        return read_day(text, today=timezone.localdate(), year_alone=True)
