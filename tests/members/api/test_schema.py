"""The schema is complete, says in Chinese what each call does, and its page works offline under the strict policy."""

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from drf_spectacular.validation import validate_schema

from activities.api import urls as activities_urls
from louzu.api.schemas import staff_schema
from members.api import urls as members_urls
from members.models import User
from tests.schemas import operations

CHINESE = re.compile("[\u4e00-\u9fff]")


OURS = operations(staff_schema())


def test_it_is_valid_and_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))
    validate_schema(staff_schema())


def test_each_call_is_described_in_chinese() -> None:
    assert len(OURS) >= 60
    for name, operation in OURS.items():
        assert CHINESE.search(operation["summary"]), name
        assert CHINESE.search(operation["description"]), name
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                assert CHINESE.search(parameter["description"]), (name, parameter["name"])


def test_each_call_takes_a_session_or_a_token_and_names_its_problems() -> None:
    for name, operation in OURS.items():
        assert {scheme for each in operation["security"] for scheme in each} == {"staffToken", "cookieAuth"}, name
        assert list(operation["responses"]["403"]["content"]) == ["application/problem+json"], name


def test_secrets_go_in_and_never_out() -> None:
    shapes = staff_schema()["components"]["schemas"]
    assert shapes["Member"]["properties"]["id_number"]["writeOnly"]
    assert not [name for name in ("phone_sealed", "sign_in_code", "recorded_by") if name in str(shapes)]


def test_every_viewset_declares_its_resource() -> None:
    viewsets = [viewset for urls in (members_urls, activities_urls) for _, viewset, _ in urls.router.registry]
    assert len(viewsets) >= 13
    assert all(hasattr(each, "resource") for each in viewsets)


@pytest.mark.parametrize("page_of", ["", "employer/"])
def test_the_page_loads_only_from_here(logged_in: Any, secretary: User, page_of: str) -> None:
    client = logged_in(secretary)
    response = client.get(f"/api/v1/{page_of}docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]* src=)|\son\w+=", page), "no script is inline"
    linked = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(linked) == 4
    assert all(link.startswith("/static/") and finders.find(link.removeprefix("/static/")) for link in linked)
    assert "script-src 'self'" in response["Content-Security-Policy"]
    address = re.search(r'data-schema="([^"]+)"', page)[1]  # type: ignore[index]
    assert address == f"/api/v1/{page_of}schema"
    assert client.get(address).json()["openapi"] == "3.1.0"


@pytest.mark.django_db
def test_the_page_asks_a_visitor_to_log_in(client: Any) -> None:
    for page_of in ("", "employer/"):
        assert client.get(f"/api/v1/{page_of}docs").status_code == 302
        assert client.get(f"/api/v1/{page_of}schema").status_code == 401
