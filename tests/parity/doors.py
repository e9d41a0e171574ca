"""Find every entry point that writes, from the code itself: pages, API, admin, commands."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.management import get_commands
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from members.models import User

OURS = ("members", "activities", "feedback", "louzu")
WRITING = ("POST", "PUT", "PATCH", "DELETE")


def doors(users: list[User]) -> set[str]:
    """Return the names of all writing entry points: `page <route>`, `api <METHOD> <route>`, `admin …`, `command …`.

    In the admin these are what any of the users may add, change, delete or run as an action.
    """
    found = set(_of_urls())
    for user in users:
        found |= set(_of_admin(user))
    return found | {f"command {name}" for name, app in get_commands().items() if app in OURS}


def _of_urls() -> Iterator[str]:
    for route, view in _views(get_resolver()):
        if route.startswith("api/"):
            yield from (f"api {method} {route}" for method in _methods(view) if method in WRITING)
        elif not route.startswith("admin/") and _reads_a_form(view):
            yield f"page {route}"


def _views(resolver: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _views(each, route)
        elif isinstance(each, URLPattern):
            yield route, each.callback


def _methods(view: Any) -> list[str]:
    """Return the HTTP methods that a view of the API supports."""
    handler = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if handler is None:
        return []
    named = getattr(view, "actions", None) or [name for name in map(str.lower, WRITING) if hasattr(handler, name)]
    return [name.upper() for name in named if name in handler.http_method_names]


def _reads_a_form(view: Any) -> bool:
    """Return whether a page, or a function of its module that it calls, uses POST."""
    plain = inspect.unwrap(view)
    sources = map(inspect.getsource, _with_helpers(getattr(plain, "view_class", plain)))
    return any("POST" in source.replace("IN_POST", "") for source in sources)


def _with_helpers(start: Any) -> list[Any]:
    """Return the view and the functions of its module that it calls, directly or not."""
    found, waiting = [], [start]
    while waiting:
        each = waiting.pop()
        found.append(each)
        around = vars(inspect.getmodule(each))
        called = (around.get(name) for name in _names_in(each))
        ours = {it for it in called if inspect.isfunction(it) and it.__module__ == each.__module__}
        waiting += ours.difference(found, waiting)
    return found


def _names_in(function: Any) -> set[str]:
    """Return the names from outside that the code of a function uses: no words of its docstring, no locals."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    local = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    local |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in names} - local


def _of_admin(user: User) -> Iterator[str]:
    request = RequestFactory().get("/admin/")
    request.user = user
    for model, each in admin.site._registry.items():
        if model.__module__.partition(".")[0] not in OURS:
            continue
        for what in ("add", "change", "delete"):
            if getattr(each, f"has_{what}_permission")(request):
                yield f"admin {model._meta.label_lower} {what}"
        for inline in (made(model, admin.site) for made in each.inlines):
            for what in ("add", "change", "delete"):
                if getattr(inline, f"has_{what}_permission")(request, None):
                    yield f"admin {model._meta.label_lower} inline {inline.model._meta.label_lower} {what}"
        yield from (f"admin {model._meta.label_lower} action {name}" for name in each.get_actions(request))
