"""A page in the shell of the admin: side bar, header, messages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any) -> HttpResponse:
    """Render a template inside the admin's shell."""
    return render(request, template, {**shell(request), "title": title, **context}, status=status)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the context of a page's frame; every logged-in user has a side bar and a log-out, without a post too."""
    site: Any = admin.site
    around = site.each_context(request)
    if request.user.is_authenticated and not around["has_permission"]:
        around |= {"has_permission": True, "sidebar_navigation": site.get_sidebar_list(request)}
    return around
