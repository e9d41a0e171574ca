"""The call that erases a member."""

from rest_framework import serializers

from members.rules.erasing import Why


class EraseSerializer(serializers.Serializer):
    """Why a member is erased."""

    why = serializers.ChoiceField(choices=Why.choices, label="原因")
