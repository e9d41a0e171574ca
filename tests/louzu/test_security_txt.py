"""Whom to tell of a weakness: /.well-known/security.txt, for anybody."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

PATH = "/.well-known/security.txt"
pytestmark = pytest.mark.django_db


def test_it_names_the_contacts_of_the_setting(settings: Any) -> None:
    settings.SECURITY_CONTACT = ["tel:+86-21-00000000", "https://louzu.example.cn/security"]
    answer = Client().get(PATH)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    lines = [line.split(": ", 1) for line in answer.content.decode().splitlines()]
    assert [value for name, value in lines if name == "Contact"] == settings.SECURITY_CONTACT
    ends = datetime.fromisoformat(dict(lines)["Expires"])
    assert timedelta(days=30) < ends - timezone.now() < timedelta(days=365)
    assert dict(lines)["Canonical"] == f"http://testserver{PATH}"
    assert not answer.cookies


def test_without_a_contact_there_is_none(settings: Any) -> None:
    settings.SECURITY_CONTACT = []
    assert Client().get(PATH).status_code == 404


def test_it_is_only_read(settings: Any) -> None:
    settings.SECURITY_CONTACT = ["tel:+86-21-00000000"]
    assert Client().post(PATH).status_code == 405
