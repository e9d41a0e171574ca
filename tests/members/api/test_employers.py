"""Employers: the shared register."""

from typing import Any

import pytest
from rest_framework.test import APIClient
from stdnum.cn import uscc

from members.models import AuditEntry, Employer, User
from tests import factories

URL = "/api/v1/employers"


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


def code() -> str:
    body = "51310114MJ0000001"
    return body + uscc.calc_check_digit(body)


def test_create_read_change(client: APIClient, secretary: User) -> None:
    made = client.post(URL, {"name": "区实验小学", "credit_code": code().lower()})
    assert made.status_code == 201, made.data
    assert made.data["credit_code"] == code()
    assert client.get(f"{URL}/{made.data['id']}").data == made.data
    changed = client.patch(f"{URL}/{made.data['id']}", {"name": "区第二实验小学", "credit_code": ""})
    assert changed.data == {"id": made.data["id"], "name": "区第二实验小学", "credit_code": None}
    assert AuditEntry.objects.filter(model="members.Employer", user=secretary).count() == 2


def test_filters(client: APIClient, db: None) -> None:
    factories.employer("区中心医院", credit_code=code())
    factories.employer("区图书馆")
    assert [row["name"] for row in client.get(f"{URL}?name=医院").data["results"]] == ["区中心医院"]
    assert [row["name"] for row in client.get(f"{URL}?credit_code={code()}").data["results"]] == ["区中心医院"]


def test_refusals(client: APIClient, db: None) -> None:
    factories.employer("区图书馆")
    factories.employer("区中心医院", credit_code=code())
    twin = client.post(URL, {"name": "区图书馆"})
    assert twin.data["errors"] == {"non_field_errors": ["已有同名单位，请选用原来的，或补填信用代码以示区别。"]}
    taken = client.post(URL, {"name": "区第二医院", "credit_code": code()})
    assert taken.data["errors"] == {"credit_code": ["这个信用代码已经登记在另一家单位名下。"]}
    wrong = client.post(URL, {"name": "区第二医院", "credit_code": "123"})
    assert "统一社会信用代码不对" in wrong.data["errors"]["credit_code"][0]
    assert Employer.objects.count() == 2


def test_a_namesake_with_a_code_of_its_own_is_welcome(client: APIClient, db: None) -> None:
    factories.employer("区图书馆")
    assert client.post(URL, {"name": "区图书馆", "credit_code": code()}).status_code == 201


def test_the_register_takes_two_queries(client: APIClient, db: None, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        factories.employer(f"第{number}中学")
    client.get(URL)
    with django_assert_max_num_queries(8):
        assert len(client.get(URL).data["results"]) == 20
