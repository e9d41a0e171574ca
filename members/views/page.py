"""A page in the shell of the admin: side bar, header, messages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any) -> HttpResponse:
    """Render a template inside the admin's shell."""
    shell = admin.site.each_context(request)
    return render(request, template, {**shell, "title": title, **context}, status=status)
