"""Paging by signed cursors."""

from django.core.signing import BadSignature, Signer
from rest_framework import serializers

from feedback.api.fields import TextField
from feedback.api.problems import BadCursorProblem


class Paged(serializers.Serializer):
    """The query of a paged list: where to continue, and how many rows to return."""

    cursor = TextField(
        required=False,
        allow_blank=True,
        max_length=200,
        default="",
        help_text="上一次结果里的 next；不填就从头列起。",
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=500, default=100, help_text="每页条数，默认 100，最多 500。"
    )


def behind(signer: Signer, cursor: str) -> str:
    """Return the signed key of the last row of the page before; BadCursorProblem for a cursor of no such list."""
    try:
        return signer.unsign(cursor)
    except BadSignature as error:
        raise BadCursorProblem from error
