"""The manual in the portal: every page leads to its chapter, words find theirs, pictures are there and small."""

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver

from louzu.documents.manual import BOOKS, DOCS, FOR_UNITS, chapters, found, size_of
from louzu.documents.pages import CHAPTERS, chapter_of
from louzu.views.manual import TOO_LONG
from members.models import Area, User
from tests import cards, factories
from tests.pictures import FOLDER, SHOTS

# Not pages of a user of the portal: the inside of the admin, and what a visitor opens on a phone.
NO_PAGES = {
    "admin:index", "admin:login", "admin:logout", "admin:jsi18n", "admin:autocomplete", "admin:search",
    "admin:app_list", "admin:view_on_site", "admin:None", "None", "security_txt",
}  # fmt: skip
NAMES = [chapter.name for chapter in chapters("manual")]
OFTEN_ASKED = {"迁出": "党员", "接龙": "登记活动", "忘了密码": "第一次登录", "公示牌": "评优、事迹册、楼道公示"}


def names(resolver: URLResolver, space: str = "") -> set[str]:
    """Return the view name of every URL outside the API."""
    found = set()
    for each in resolver.url_patterns:
        if not isinstance(each, URLResolver):
            found.add(f"{space}{each.name}")
        elif not str(each.pattern).startswith("api/"):
            found |= names(each, f"{space}{each.namespace}:" if each.namespace else space)
    return found


# What leads where -----------------------------------------------------------------------------------------------------
def test_every_page_has_a_chapter_and_every_chapter_is_there() -> None:
    pages = names(get_resolver()) - NO_PAGES
    assert len(pages) > 200
    assert sorted(page for page in pages if not chapter_of(page) and not page.startswith("help")) == []
    assert set(CHAPTERS.values()) <= set(NAMES)
    assert len(set(NAMES)) == len(NAMES)
    assert [beginning for beginning in CHAPTERS if not any(page.startswith(beginning) for page in pages)] == []


def test_the_longest_beginning_counts() -> None:
    assert chapter_of("feedback:inbox_card") == "收件箱"
    assert chapter_of("feedback:card") == "记录卡"
    assert chapter_of("monthly_report") == "月报"
    assert chapter_of("nowhere") == chapter_of("") == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "chapter"),
    [("/", "首页"), ("/activities/add/", "登记活动"), ("/admin/members/member/", "党员"), ("/roster/", "导入花名册")],
)
def test_help_on_a_page_opens_its_chapter(
    logged_in: Callable[..., Client], secretary: User, address: str, chapter: str
) -> None:
    browser = logged_in(secretary)
    [link] = re.findall(r'class="lz-helpbox" href="([^"]+)"', browser.get(address).content.decode())
    answer = browser.get(link)
    assert (answer.status_code, unquote(answer["Location"])) == (302, f"/help/#{chapter}")
    assert f'id="{chapter}"' in browser.get("/help/").content.decode()


@pytest.mark.django_db
def test_a_page_that_is_not_there_leads_to_the_contents(logged_in: Callable[..., Client], secretary: User) -> None:
    for nowhere in ("", "x:y", "页" * 500, "\r\nSet-Cookie:x"):
        assert logged_in(secretary).get("/help/", {"page": nowhere})["Location"] == "/help/#"


@pytest.mark.django_db
def test_a_visitor_logs_in_first() -> None:
    for address in ("/help/", "/help/print/", "/help/interface/", "/help/interface/print/"):
        assert Client().get(address)["Location"].startswith("/admin/login/")


# Who reads what -------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_both_books_are_read_whole(logged_in: Callable[..., Client], leader: User, outsider: User) -> None:
    for user in (leader, outsider):
        browser = logged_in(user)
        for address, book in (("/help/", "manual"), ("/help/interface/", "interface")):
            page = browser.get(address)
            text = page.content.decode()
            assert [f'href="#{each.anchor}"' in text and each.html in text for each in chapters(book)].count(False) == 0
            assert all(each.html in browser.get(f"{address}print/").content.decode() for each in chapters(book))
            directives = page["Content-Security-Policy"]
            assert "'unsafe-inline'" not in directives.partition("script-src")[2].partition(";")[0]
            assert not re.search("<script|style=|src=.http|<iframe", "".join(each.html for each in chapters(book)))
    assert browser.post("/help/").status_code == 405


@pytest.mark.django_db
def test_a_contact_reads_the_chapter_of_the_inbox(logged_in: Callable[..., Client], street: Area) -> None:
    browser = logged_in(cards.contact("danwei", factories.employer(), street))
    assert {chapter.name for chapter in browser.get("/help/").context["chapters"]} == FOR_UNITS <= set(NAMES)
    assert "组织架构" not in browser.get("/help/print/").content.decode()
    assert browser.get("/help/?q=组织架构").context["chapters"] == []
    assert browser.get("/help/interface/").status_code == 200
    assert 'class="lz-helpbox"' in browser.get("/inbox/").content.decode()


# What is searched for -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("words", "chapter"), OFTEN_ASKED.items())
def test_what_is_often_asked_is_found(words: str, chapter: str) -> None:
    assert chapter in [each.name for each in found(chapters("manual"), words)]


def test_words_are_all_of_them_there_and_a_heading_comes_first() -> None:
    known = chapters("manual")
    assert found(known, "月报")[0].name == "月报"
    assert found(known, "月报　定稿") == [each for each in found(known, "月报") if "定稿" in each.text] != []
    assert found(known, "ＥＸＣＥＬ") == found(known, "excel") != []
    assert found(known, ",") == found(known, "，。") == found(known, "阿阿阿") == []


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["王" * 500, ",", "%", "'\"><%😀", "*" * 60, "  "])
def test_odd_words_are_answered(logged_in: Callable[..., Client], secretary: User, words: str) -> None:
    answer = logged_in(secretary).get("/help/", {"q": words})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert (TOO_LONG in text) == (len(words) > 60)
    assert ("没有找到“" in text) == (bool(words.strip()) and len(words) <= 60)
    assert "<%😀" not in text


@pytest.mark.django_db
def test_reading_asks_no_more_than_the_frame(logged_in: Callable[..., Client], secretary: User) -> None:
    browser = logged_in(secretary)
    browser.get("/help/")
    with CaptureQueriesContext(connection) as queries:
        browser.get("/help/?q=活动")
    assert len(queries) <= 6


# Pictures -------------------------------------------------------------------------------------------------------------
def test_pictures_are_there_small_and_shown() -> None:
    texts = [(DOCS / path).read_text("utf-8") for path in BOOKS.values()]
    shown = set(re.findall(r"\]\(pictures/([\w-]+)\.webp\)", "".join(texts)))
    readme = (settings.BASE_DIR / "README.md").read_text("utf-8")
    shown |= set(re.findall(r"\]\(docs/pictures/([\w-]+)\.webp\)", readme))
    taken = {path.stem: path for path in FOLDER.iterdir()}
    assert shown == set(taken) == {shot.name for shot in SHOTS}, "make pictures"
    assert max(path.stat().st_size for path in taken.values()) < 60_000
    assert sum(path.stat().st_size for path in taken.values()) < 1_000_000
    for shot in SHOTS:
        assert taken[shot.name].read_bytes()[8:16] in (b"WEBPVP8X", b"WEBPVP8 "), shot.name
        assert abs(size_of(taken[shot.name])[0] - shot.screen[0] * 0.6) <= 2, shot.name
        assert finders.find(f"manual/{shot.name}.webp"), shot.name


def test_a_picture_says_what_it_shows_and_how_large_it_is() -> None:
    pictures = re.findall(r"<img [^>]+>", "".join(chapter.html for chapter in chapters("manual")))
    assert len(pictures) >= len(SHOTS)
    for picture in pictures:
        assert re.search(r'src="/static/manual/[^"]+" alt="[^"]+" width="\d{3}" height="\d{3}" loading="lazy"', picture)
