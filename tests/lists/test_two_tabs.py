"""Case 17: the page and the script that bring back what was typed; the browser is in tests/browser/test_typed.py."""

from django.test import Client

from members.models import User
from tests.conftest import BACKEND


def test_the_page_for_an_expired_form_carries_the_script_and_says_what_to_do(secretary: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(secretary, backend=BACKEND)
    answer = strict.post("/activities/add/", {"title": "邻里茶话会"})
    shown = answer.content.decode()
    assert answer.status_code == 403
    assert "louzu/typed" in shown
    assert "data-lost" in shown
    assert "填写的内容会恢复" in shown
