"""The bases of every view of the API: the acting user, the access rule, one way to write."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import status
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from members.api.parsing import CleanJSONParser
from members.ground import access, audit
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.models import Area, User
from members.web.problems import ConflictProblem, WrittenOutside


class OnRecord(APIView):
    """A view that records its writes for the token's or the session's user, and records refusals.

    The middleware knows only the session; the token is read later, here.
    """

    resource: Resource
    parser_classes = [CleanJSONParser]
    metadata_class = None

    def dispatch(self, request, *args, **kwargs):
        with ExitStack() as self.while_called:
            return super().dispatch(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        now = audit.circumstances()
        self.while_called.enter_context(audit.acting(request.user, address=now.address, request_id=now.request_id))

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if response.status_code == status.HTTP_403_FORBIDDEN and audit.actor() and hasattr(self, "resource"):
            with atomic_write():
                paths = access.scope_paths(audit.actor(), self.resource)
                paths = paths if all(paths) else audit.actor().audit_paths()
                audit.record("refuse", changes={"call": self._call()}, path=paths)
        return response

    def _call(self) -> str:
        return f"{self.request.method} {self.request.path}"[:200]


class ScopedViewSet(OnRecord, ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Rows of one model through `for_user`: outside the scope 404, inside it without the right 403.

    `CreateMixin` and `ChangeMixin` add the writes; nothing is deleted.
    """

    model: type[models.Model]
    http_method_names = ["get", "head", "post", "patch"]
    lookup_value_converter = "int"

    def get_queryset(self) -> models.QuerySet:
        return self.rows(Right.READ)

    def rows(self, right: Right) -> models.QuerySet:
        """Return the rows where the user has the right, with the relations and annotations that an answer needs."""
        return self.model._default_manager.for_user(self.request.user, right)  # type: ignore[attr-defined]

    def locked_object(self) -> Any:
        """Return the row of the URL as stored, locked until the transaction ends; 404 and 403 as for any row."""
        return self.model._default_manager.select_for_update(no_key=True).get(pk=self.get_object().pk)

    def answer(self, row: models.Model, code: int = status.HTTP_200_OK) -> Response:
        """Read the written row back with the right to write, and respond with it; WrittenOutside undoes the write."""
        access.forget_posts(cast(User, self.request.user))
        written = self.rows(Right.WRITE).filter(pk=row.pk).first()
        if written is None:
            raise WrittenOutside
        serializer: BaseSerializer = self.serializer_class(written, context=self.get_serializer_context())  # type: ignore[misc]
        return Response(serializer.data, code)

    def saved_by(self, serializer_class: Any, find: Callable[[], Any] | None = None) -> Response:
        """Save the body to the row of the URL by this serializer; `find` the row where the rule locks it by itself."""
        data, context = self.request.data, self.get_serializer_context()
        with atomic_write():
            serializer = serializer_class((find or self.locked_object)(), data=data, context=context)
            serializer.is_valid(raise_exception=True)
            return self.answer(serializer.save())

    def changed_by(self, transition: Callable[[Any], object]) -> Response:
        """Call a transition on the row of the URL, without a body; a ValidationError becomes a conflict."""
        with atomic_write():
            row = self.locked_object()
            try:
                transition(row)
            except ValidationError as error:
                raise ConflictProblem("".join(error.messages)) from error
            return self.answer(row)


class BulkReadViewSet(ScopedViewSet):
    """A view that records each list as an export: how many rows, by which filters, not whom was searched for.

    Its filters include `inside`, the area.
    """

    def list(self, request: Request) -> Response:
        response = super().list(request)
        changes = {"rows": len(response.data["results"]), "filters": sorted(request.query_params)}
        with atomic_write():
            audit.record("export", self.model, path=self._export_paths(), changes=changes)
        return response

    def _export_paths(self) -> Iterable[str]:
        """Return the path of the area in the query, else of the smallest in each street around the user's scope."""
        inside = self.request.query_params.get("inside")
        area = Area.objects.filter(pk=inside).first() if inside else None
        return [area.path] if area else access.scope_paths(cast(User, self.request.user), self.resource)


class LockedByRule:
    """A view whose rule locks the row of the URL by itself, after those that come first in the order of locks."""

    def locked_object(self: Any) -> Any:
        return self.get_object()


class CreateMixin:
    def create(self: Any, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        with atomic_write():
            serializer.is_valid(raise_exception=True)
            return self.answer(serializer.save(), status.HTTP_201_CREATED)


class ChangeMixin:
    def partial_update(self: Any, request: Request, pk: int) -> Response:
        data = request.data
        with atomic_write():
            serializer = self.get_serializer(self.locked_object(), data=data, partial=True)
            serializer.is_valid(raise_exception=True)
            return self.answer(serializer.save())
