"""The writes of a member's rights: their own file is made; what they say is wrong, and how it is settled."""

from typing import Any

from django.test import Client

from louzu.models import OwnFile
from louzu.rules import own_file_handing
from members.models import CorrectionRequest, Member
from members.rules import putting_right
from tests import cards, factories
from tests.parity.asking import Door, Values, Write
from tests.week import handed, said

ADD, CALL = "members/<int:pk>/corrections/add/", "api/v1/correction-requests"


def _on_the_phone(rows: dict[str, Any], values: Values) -> str:
    """Open the link of the member's file by the digits, and write what is wrong."""
    file = OwnFile.objects.get(member=values["member"])
    address, phone = f"/o/{own_file_handing.link_token(file)}/", Client()
    phone.post(address, {"digits": "5678"})
    body = {name: values[name] for name in ("about", "text")}
    return phone.post(f"{address}correct/", body, follow=True).content.decode()


WRITES: dict[str, Write] = {
    "a member is given all that is held": Write(
        rule=own_file_handing.make,
        doors=(
            Door("page members/<int:pk>/own-file/", "members/{member}/own-file/"),
            Door("api POST api/v1/own-files", "api/v1/own-files"),
        ),
        good={"member": "{member}", "means": "link", "reason": "本人来要"},
        bad=((own_file_handing.NO_PHONE, {"member": "{silent}"}),),
        apart=("content",),  # it holds the moment of making
        again="a member may ask as often as they like, and each file is on record",
    ),
    "a member says that something is wrong": Write(
        rule=putting_right.ask,
        doors=(
            Door(f"page {ADD}", "members/{member}/corrections/add/"),
            Door(f"api POST {CALL}", CALL),
            Door("page o/<str:token>/correct/", call=_on_the_phone),
        ),
        good={"member": "{opened}", "about": "home", "text": "不住302室，住303室", "means": "desk"},
        bad=((putting_right.TOO_MANY, {"member": "{crowded}"}),),
        apart=("means", "made_by"),
    ),
    "what was wrong is put right": Write(
        rule=putting_right.put_right,
        doors=(
            Door("page corrections/<int:pk>/put-right/", "corrections/{correction}/put-right/"),
            Door(f"api POST {CALL}/<int:pk>/put-right", f"{CALL}/{{correction}}/put-right"),
        ),
        good={"reply": "改成303室了"},
    ),
    "what is right is kept": Write(
        rule=putting_right.keep,
        doors=(
            Door("page corrections/<int:pk>/keep/", "corrections/{correction}/keep/"),
            Door(f"api POST {CALL}/<int:pk>/keep", f"{CALL}/{{correction}}/keep"),
        ),
        good={"reply": "和房产证一致"},
        bad=((putting_right.NO_REASON, {"reply": " "}),),
    ),
}
WRITE_NOTHING: dict[str, str] = {"page o/<str:token>/": "counts the tries, and remembers in the session who knew"}


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids that this test's write refers to."""
    member, group = request.getfixturevalue("member"), request.getfixturevalue("group")
    officer = request.getfixturevalue("street_officer")
    opened, crowded = (cards.in_post(name, group, room=name[1]) for name in ("安一明", "白二明"))
    for one in (opened, crowded):
        handed(one, by=officer)
    OwnFile.objects.update(opened_at="2026-01-05T09:00:00+08:00")
    texts = [f"第 {number} 条" for number in range(putting_right.MOST_OPEN)]
    CorrectionRequest.objects.bulk_create(
        CorrectionRequest(member=crowded, about="other", text=text, means="desk") for text in texts
    )
    silent: Member = factories.person("无话人", group, room="909")
    return {
        "member": member.pk, "opened": opened.pk, "crowded": crowded.pk, "silent": silent.pk,
        "correction": said(member).pk,
    }  # fmt: skip
