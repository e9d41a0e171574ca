"""Whatever a query says, no page and no call breaks over it: every address, with every parameter, each full of junk."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from activities.models import Activity
from feedback.models import RecordCard
from members.models import Area, Member, RosterImport, StaffToken, User
from tests.conftest import BACKEND
from tests.half_year import sent
from tests.routes import filled, routes
from tests.week import lived

# What our pages read of a query.
READ = [
    "after",
    "again",
    "area",
    "card",
    "cursor",
    "d",
    "day",
    "day_from",
    "day_to",
    "first",
    "given",
    "groups",
    "inside",
    "known",
    "last",
    "level",
    "limit",
    "living",
    "made",
    "member",
    "month",
    "most",
    "name",
    "next",
    "number",
    "on",
    "open_on",
    "p",
    "page",
    "part",
    "period",
    "pick",
    "place",
    "q",
    "quarter",
    "recorded",
    "search",
    "show",
    "since",
    "status",
    "unit",
    "until",
    "with",
    "year",
]
# What the admin and the frameworks below it do.
FRAMEWORK = [
    "all",
    "e",
    "o",
    "page",
    "p",
    "q",
    "_changelist_filters",
    "_popup",
    "_to_field",
    "app_label",
    "model_name",
    "field_name",
    "term",
    "format",
]
JUNK = ("x", "9" * 25, "%00")
LOOKUPS = ("", "__exact", "__in", "__isnull", "_from", "_to", "__id__exact")
LOGS_OUT, AUTOCOMPLETE = "admin/logout/", "/admin/autocomplete/"


@pytest.fixture
def rows(member: Member, other_member: Member, other_street: Area, secretary: User) -> None:
    lived(member, other_member, by=secretary)
    sent(by=secretary)
    StaffToken.issue(secretary, label="报表程序")
    community = Area.objects.get(name="第一社区")
    RosterImport.objects.create(area=community, user=secretary, file_name="春季花名册.xlsx", status="discarded")


@pytest.fixture
def client(rows: None, street_officer: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(street_officer, backend=BACKEND)
    return client


def test_no_query_breaks_a_page(client: Client) -> None:
    """Each page with all parameters at once, junk after junk."""
    broken = set()
    for page in pages(client):
        names = [*FRAMEWORK, *filters_of(page)] if page.startswith("/admin/") else READ
        queries = ["&".join(f"{name}={junk}" for name in names) for junk in JUNK]
        broken |= {f"{page}?{query}"[:120] for query in queries if client.get(f"{page}?{query}").status_code >= 500}
    assert sorted(broken) == []


def pages(client: Client) -> Iterator[str]:
    """What opens, but files: of what reads the same query, the page stands for its file."""
    for route in sorted(set(routes())):
        page = filled(route)
        if route != LOGS_OUT and "/<" not in route.replace("<int:pk>", "", 1):
            answer = client.get(page)
            if answer.status_code == 200 and "Content-Disposition" not in answer:
                yield page


def filters_of(page: str) -> list[str]:
    """The lookups of a list of the admin, and some that nobody may make."""
    for model, of_model in admin.site._registry.items():
        if page == reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"):
            own = [each.parameter_name for each in of_model.list_filter if isinstance(each, type)]
            fields = [
                each if isinstance(each, str) else each[0]
                for each in of_model.list_filter
                if not isinstance(each, type)
            ]
            named = [f"{field}{end}" for field in fields for end in LOOKUPS]
            return [*filter(None, own), *named, "id__exact", "phone_sealed", "member__phone_sealed__startswith"]
    return []


def test_an_autocomplete_of_a_field_that_is_no_link(client: Client) -> None:
    """The fields of all kinds, backward links and what is none among them."""
    queries = [f"app_label=members&model_name=member&field_name={name}" for name in ("", "nothing", "pk", "id", "name")]
    queries += [
        f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={field.name}"
        for model in (Area, Member, User, RecordCard, Activity)
        for field in model._meta.get_fields(include_hidden=True)
    ]
    queries += ["", "app_label=members", "app_label=x&model_name=y&field_name=z", "app_label=members&model_name=x"]
    statuses = {query: client.get(f"{AUTOCOMPLETE}?{query}").status_code for query in queries}
    assert {query: status for query, status in statuses.items() if status not in (200, 403, 404)} == {}
    assert statuses[queries[4]] == 403
    works = "app_label=members&model_name=arearole&field_name=area"
    assert client.get(f"{AUTOCOMPLETE}?{works}&term=迎").json()["results"]
