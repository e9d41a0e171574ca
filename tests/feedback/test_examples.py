"""The small examples beside the employers' guide print the whole feed, each where its language is at hand."""

import os
import shutil
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from feedback.models import FeedEvent
from members.models import Area
from tests import cards, factories

FOLDER = settings.BASE_DIR / "docs/employer/examples"
RUNS = {
    "read_feed.py": (sys.executable,),
    "read_feed.mjs": ("node",),
    "ReadFeed.java": ("java",),
    "ReadFeed.cs": ("dotnet", "run"),
}


@pytest.fixture
def street(transactional_db: None) -> Area:
    """A street that the server's threads see."""
    return factories.area("新成路街道", division_code="310114001")


def test_every_example_is_run() -> None:
    assert {each.name for each in FOLDER.iterdir()} == set(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_an_example_prints_the_feed(name: str, live_server: Any, street: Area, tmp_path: Any) -> None:
    if shutil.which(RUNS[name][0]) is None:
        pytest.skip(f"{RUNS[name][0]} is not installed.")
    building = factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))
    first = cards.issued(cards.in_post("郁建平", building))
    cards.issued(cards.in_post("单国强", building, at=first.employer))
    environment = os.environ | {"LOUZU": f"{live_server.url}/api/v1", "KEY": cards.key(first.employer, street)[1]}
    done = subprocess.run(
        [*RUNS[name], str(FOLDER / name)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=180,
        check=False,
    )  # fmt: skip
    events = FeedEvent.objects.order_by("seq").values_list("seq", "type", "card__number")
    assert done.stdout.splitlines() == [" ".join(map(str, each)) for each in events], done.stderr
    assert len(events) == 2
