"""The page for a form that was opened before another login: nothing is written, and a way back to our own page."""

import pytest
from django.test import Client

from members.models import User
from tests.conftest import BACKEND


@pytest.mark.parametrize(
    ("before", "back"),
    [
        ("http://testserver/activities/add/?again=1", "/activities/add/?again=1"),
        ("http://elsewhere.example/activities/add/", ""),
        ("http://testserver//elsewhere.example/", ""),
        ("http://testserver", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_the_page_leads_back_only_to_our_own(before: str, back: str, secretary: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(secretary, backend=BACKEND)
    answer = strict.post("/activities/add/", {"title": "邻里茶话会"}, headers={"referer": before})
    shown = answer.content.decode()
    assert answer.status_code == 403
    assert "no-store" in answer["Cache-Control"]
    assert "elsewhere" not in shown
    assert "邻里茶话会" not in shown, "what may be forged is not offered to be sent again"
    assert (f'href="{back}"' in shown) if back else ("返回、刷新页面" in shown and "回到刚才的页面" not in shown)
