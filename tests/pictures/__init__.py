"""Small pictures of the demonstration street, for the manual and the README: which there are."""

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
DESK, PHONE = (1366, 768), (390, 844)


class Shot(NamedTuple):
    """A picture: its name, whose page it shows, where, and on which screen."""

    name: str
    username: str
    address: str
    screen: tuple[int, int] = DESK


SHOTS = [
    Shot("home", "书记", "/"),
    Shot("home-phone", "楼组长", "/", PHONE),
    Shot("search", "书记", "/search/?q=zhang"),
    Shot("roster", "书记", "/roster/"),
    Shot("members", "书记", "/admin/members/member/"),
    Shot("coverage", "街道办", "/coverage/"),
    Shot("activity", "书记", "/activities/add/"),
    Shot("calendar", "书记", "/activities/calendar/"),
    Shot("building", "楼组长", "/buildings/"),
    Shot("visits", "楼组长", "/visits/", PHONE),
    Shot("needs", "书记", "/needs/"),
    Shot("thin", "街道办", "/thin/"),
    Shot("months", "街道办", "/months/"),
    Shot("cards", "书记", "/cards/"),
    Shot("inbox", "单位联系人", "/inbox/"),
]
