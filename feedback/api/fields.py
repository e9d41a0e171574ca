"""Fields that accept exactly the JSON types of the schema, without coercion."""

from collections.abc import Sequence
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from feedback.ground.periods import CardPeriod


def open_field(meaning: str, choices: Sequence[tuple[Any, Any]], **more: Any) -> serializers.CharField:
    """Return a string whose values are documented but may grow, so that no generated client refuses a new one."""
    values = "；".join(f"{value} {label}" for value, label in choices)
    return serializers.CharField(help_text=f"{meaning}：{values}。以后可能增加，请容忍不认识的值。", **more)


class TextField(serializers.CharField):
    """A JSON string; a number is not valid."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNoField(serializers.BooleanField):
    """JSON true or false; a string or number is not valid."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class DigestField(TextField):
    """A SHA-256 in lower-case hexadecimal."""

    def __init__(self, **kwargs: Any):
        shape = RegexValidator(r"^[0-9a-f]{64}$", "校验码是 64 位小写十六进制。")
        super().__init__(validators=[shape], **kwargs)


class CardPeriodField(TextField):
    """The code of a period: 2026, 2026H1, 2026Q3 or 2026-07."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return CardPeriod.read(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError("时段写成 2026、2026H1、2026Q3 或 2026-07。") from error

    def to_representation(self, value: Any) -> str:
        return value.code
