"""Pagination by keyset: a page starts after the last row seen, so none is missed or doubled while rows are added."""

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination

UNREADABLE = "这个分页游标读不出来，请从第一页重新开始。"


class Keyset(CursorPagination):
    ordering = "pk"
    page_size = 100
    page_size_query_param = "limit"
    max_page_size = 500
    cursor_query_description = "分页游标，取自上一次结果的 next 或 previous"
    page_size_query_description = "每页条数，最多 500，默认 100"

    def get_paginated_response_schema(self, schema):
        """Describe a page as OpenAPI 3.1 does; the framework's description is of 3.0."""
        address = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": address, "previous": address, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def decode_cursor(self, request):
        try:
            cursor = super().decode_cursor(request)
        except NotFound as error:
            raise ValidationError({"cursor": [UNREADABLE]}) from error
        if cursor and cursor.position is not None and not (cursor.position.isdecimal() and len(cursor.position) < 19):
            raise ValidationError({"cursor": [UNREADABLE]})
        return cursor
