"""`make pictures`: takes the pictures of a street made anew in a throwaway folder, always on the same day."""

import base64
import io
import logging
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import django
from django.utils import timezone

MORNING, BEGAN = datetime(2026, 9, 16, 1, 30, tzinfo=UTC), monotonic()  # a Wednesday, half past nine in Shanghai
timezone.now = lambda: MORNING + timedelta(seconds=monotonic() - BEGAN)
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ.pop("DATABASE_URL", None)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.test import Client  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from waitress import create_server  # noqa: E402

from members.models import User  # noqa: E402
from tests.conftest import BACKEND  # noqa: E402
from tests.pictures import FOLDER, PHONE, SHOTS, Shot  # noqa: E402

SMALLER, QUALITY = 0.6, 60


def main() -> int:
    call_command("demo", no_serve=True, stdout=io.StringIO())
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page asks for its files all at once
    User.objects.update(must_change_password=False)
    sessions = {name: session(name) for name in {shot.username for shot in SHOTS}}
    FOLDER.mkdir(exist_ok=True)
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for shot in SHOTS:
            picture = taken(browser, address, shot, sessions[shot.username])
            (FOLDER / f"{shot.name}.webp").write_bytes(picture)
            print(f"{shot.name}.webp\t{len(picture):,}")
        browser.close()
    return 0


def session(username: str) -> str:
    """Return the key of a session of this user, past the login page."""
    client = Client()
    client.force_login(User.objects.get(username=username), backend=BACKEND)
    return client.cookies["sessionid"].value


@contextmanager
def served() -> Iterator[str]:
    """Serve the portal on a free port of this machine; yield its address."""
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()


def taken(browser: Browser, address: str, shot: Shot, key: str) -> bytes:
    """Return a page's picture as WebP, made smaller by the browser."""
    width, height = shot.screen
    context = browser.new_context(
        viewport={"width": width, "height": height},
        is_mobile=shot.screen == PHONE,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "sessionid", "value": key, "url": address}])
    page = context.new_page()
    page.goto(address + shot.address, wait_until="networkidle")
    clip: dict[str, Any] = {"x": 0, "y": 0, "width": width, "height": height, "scale": SMALLER}
    devtools = context.new_cdp_session(page)
    sent = devtools.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY, "clip": clip})
    context.close()
    return base64.b64decode(sent["data"])


if __name__ == "__main__":
    sys.exit(main())
