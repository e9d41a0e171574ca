"""The access rule as permissions of the API, closed by default."""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from members.ground import access
from members.ground.access import Resource, Right

if TYPE_CHECKING:  # the settings name this module, so that DRF's views import it while they are loading
    from rest_framework.views import APIView


class ScopedPermission(BasePermission):
    """The view's `resource` must be open to the user; a view that declares none is open to nobody.

    Reading takes Right.READ, anything else Right.WRITE, unless the view's `rights` name another for its action.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        resource = getattr(view, "resource", None)
        if resource is None or not request.user.is_authenticated:
            return False
        allowed = access.can(request.user, resource, needed(request, view))
        if not allowed and getattr(view, "detail", False) and access.can(request.user, resource):
            view.get_object()  # type: ignore[attr-defined]  # a row outside the scope is 404 for any call
        return allowed

    def has_object_permission(self, request: Request, view: "APIView", row: Any) -> bool:
        right = needed(request, view)
        return (
            right <= Right.READ or view.rows(right).filter(pk=row.pk).exists()  # type: ignore[attr-defined]
        )


class KnowsMembers(BasePermission):
    """Calls that name members are open to users who may read members; an instructor sees only figures."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.user.is_authenticated and access.can(request.user, Resource.MEMBER)


def needed(request: Request, view: "APIView") -> Right:
    """Return the right that this call takes."""
    named: dict[str, Right] = getattr(view, "rights", {})
    default = Right.READ if request.method in SAFE_METHODS else Right.WRITE
    return named.get(getattr(view, "action", None) or "", default)
