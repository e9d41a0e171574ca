"""An area's form in the admin, as a browser keeps it open while others write."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.test import Client

from members.models import Area

OLD = "打开这一页之后，别人改过这一项，没有保存。请重新打开这一页，看过再改。"


class Said(NamedTuple):
    """What a door answered: whether it wrote, else its words."""

    wrote: bool
    said: str


class Page:
    def __init__(self, client: Client, area: Area):
        self.client, self.url = client, f"/admin/members/area/{area.pk}/change/"
        self.body = _shown_and_hidden(client.get(self.url).context["adminform"].form)

    def send(self, **changes: Any) -> Said:
        return told(self.client.post(self.url, self.body | changes))

    def sending(self, **changes: Any) -> Callable[[], Said]:
        return partial(self.send, **changes)


def _shown_and_hidden(form: Any) -> dict[str, str]:
    body = {}
    for bound in form:
        value = bound.field.prepare_value(bound.value())
        body[bound.html_name] = body[bound.html_initial_name] = "" if value is None else str(value)
    return body


def told(answer: Any) -> Said:
    assert answer.status_code in (200, 302), answer.status_code
    if answer.status_code == 302:
        return Said(True, "")
    errors = answer.context["adminform"].form.errors
    return Said(False, " ".join(str(each) for some in errors.values() for each in some))
