"""Keep a copy of your unit's record cards, and acknowledge them: the reference client of the employers' API.

    LOUZU=<address>/api/v1 LOUZU_KEY=lz_… python louzu_client.py cards.sqlite3

Standard library only; run it as often as you like, from cron for instance. It may be stopped at any moment: each page
of the feed is stored together with the cursor behind it, in one transaction, so nothing is missed or kept twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SCHEMA = """
CREATE TABLE IF NOT EXISTS cards (
    number TEXT PRIMARY KEY, version INTEGER NOT NULL, digest TEXT NOT NULL, supersedes TEXT,
    body TEXT,      -- as it was issued; NULL once the card is withdrawn
    receipt TEXT    -- signed by the street; NULL as long as the card is not acknowledged
);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Problem(Exception):
    """An error of the service (RFC 9457): its status, and the last part of its type."""

    def __init__(self, status: int, kind: str, detail: str):
        super().__init__(f"{status} {kind}: {detail}")
        self.status, self.kind = status, kind


def ask(path: str, body: dict | None = None) -> dict:
    """Call the service; where it is busy, wait as long as it says."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {os.environ['LOUZU_KEY']}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{os.environ['LOUZU'].rstrip('/')}/{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 429:
            time.sleep(int(error.headers.get("Retry-After", "1")))
            return ask(path, body)
        told = json.loads(error.read() or b"{}") if "json" in error.headers.get("Content-Type", "") else {}
        raise Problem(error.code, told.get("type", "").rpartition("/")[2], told.get("detail", "")) from error


def sync(db: sqlite3.Connection) -> None:
    """Store everything that the feed has behind the last cursor."""
    more = True
    while more:
        after = (db.execute("SELECT value FROM state WHERE name = 'cursor'").fetchone() or ("",))[0]
        try:
            page = ask("feed?" + urllib.parse.urlencode({"after": after, "limit": 200}))
        except Problem as problem:
            if problem.kind != "cursor-reset":
                raise
            with db:  # the service was restored from a backup: start again from nothing
                db.execute("DELETE FROM cards")
                db.execute("DELETE FROM state")
            continue
        with db:
            for event in page["events"]:
                store(db, event)
            db.execute("INSERT OR REPLACE INTO state VALUES ('cursor', ?)", (page["next"],))
        more = page["more"]


def store(db: sqlite3.Connection, event: dict) -> None:
    """Take an event in; one that is known, or older than what is known of its card, changes nothing."""
    card = event["card"]
    body = None if card["body"] is None else canonical(card["body"])
    if body is not None and hashlib.sha256(body.encode()).hexdigest() != card["digest"]:
        raise SystemExit(f"{card['number']}: the digest does not fit.")
    db.execute(
        "INSERT INTO cards (number, version, digest, supersedes, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (number)"
        " DO UPDATE SET version = excluded.version, body = excluded.body WHERE excluded.version > version",
        (card["number"], event["version"], card["digest"], card["supersedes"], body),
    )


def canonical(value: dict) -> str:
    """The text that the digest is of: UTF-8, keys sorted, no white space."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def acknowledge(db: sqlite3.Connection) -> None:
    """Tell the service which cards are stored, and keep the receipts; asked twice, it gives the same one."""
    waiting = "SELECT number, digest FROM cards WHERE body IS NOT NULL AND receipt IS NULL ORDER BY number"
    for number, digest in db.execute(waiting).fetchall():
        try:
            receipt = json.dumps(ask(f"cards/{number}/receipt", {"digest": digest}))
        except Problem as problem:
            if problem.kind not in ("withdrawn", "wrong-state"):
                raise
            receipt = None if problem.kind == "withdrawn" else ""  # the feed tells of it soon; returned meanwhile
        with db:
            db.execute("UPDATE cards SET receipt = ? WHERE number = ?", (receipt, number))


if __name__ == "__main__":
    with_cards = sqlite3.connect(sys.argv[1])
    with_cards.execute("PRAGMA secure_delete = ON")  # what is withdrawn is gone from the file as well
    with_cards.executescript(SCHEMA)
    sync(with_cards)
    acknowledge(with_cards)
    sync(with_cards)
