"""Keep a copy of your unit's record cards, and acknowledge them: the reference client of the employers' API.

    LOUZU=<address>/api/v1 LOUZU_KEY="lz_… lz_…" python louzu_client.py cards.sqlite3

One key a street that your unit is in touch with, separated by blanks. Standard library only; run it as often as you
like, from cron for instance. It may be stopped at any moment: each page of the feed is stored together with the cursor
behind it, in one transaction, so nothing is missed or kept twice.
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
    number TEXT PRIMARY KEY, street INTEGER NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL, supersedes TEXT,
    body TEXT,                               -- as it was issued, NULL once the card is withdrawn
    is_settled INTEGER NOT NULL DEFAULT 0    -- acknowledged, or returned meanwhile
);
CREATE TABLE IF NOT EXISTS cursors (street INTEGER PRIMARY KEY, cursor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS receipts (
    hash TEXT PRIMARY KEY,
    receipt TEXT NOT NULL                    -- signed by the street, kept for good
)"""
PATIENCE = 5  # how often a service that is away for the moment is asked again


class Problem(Exception):
    """An error of the service (RFC 9457): its status, and the last part of its type."""

    def __init__(self, status: int, kind: str, detail: str):
        super().__init__(f"{status} {kind}: {detail}")
        self.status, self.kind = status, kind


def ask(key: str, path: str, body: dict | None = None, tries: int = PATIENCE) -> dict:
    """Call the service; where it is busy or away, wait as long as it says."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{os.environ['LOUZU'].rstrip('/')}/{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in (429, 503) and tries:
            time.sleep(int(error.headers.get("Retry-After", "1")))
            return ask(key, path, body, tries - 1)
        told = json.loads(error.read() or b"{}") if "json" in error.headers.get("Content-Type", "") else {}
        raise Problem(error.code, told.get("type", "").rpartition("/")[2], told.get("detail", "")) from error


def sync(db: sqlite3.Connection, key: str, street: int) -> None:
    """Store everything that the street's feed has behind the last cursor."""
    more = True
    while more:
        after = (db.execute("SELECT cursor FROM cursors WHERE street = ?", (street,)).fetchone() or ("",))[0]
        try:
            page = ask(key, "feed?" + urllib.parse.urlencode({"after": after, "limit": 200}))
        except Problem as problem:
            if problem.kind != "cursor-reset":
                raise
            with db:  # the service was restored from a backup: start this street again from nothing
                db.execute("DELETE FROM cards WHERE street = ?", (street,))
                db.execute("DELETE FROM cursors WHERE street = ?", (street,))
            continue
        with db:
            for event in page["events"]:
                store(db, street, event)
            db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (street, page["next"]))
        more = page["more"]


def store(db: sqlite3.Connection, street: int, event: dict) -> None:
    """Take an event in; one that is known, or older than what is known of its card, changes nothing."""
    card = event["card"]
    body = None if card["body"] is None else canonical(card["body"])
    if body is not None and hashlib.sha256(body.encode()).hexdigest() != card["digest"]:
        raise SystemExit(f"{card['number']}: the digest does not fit.")
    db.execute(
        "INSERT INTO cards (number, street, version, digest, supersedes, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (number) DO UPDATE SET version = excluded.version, body = excluded.body"
        " WHERE excluded.version > version",
        (card["number"], street, event["version"], card["digest"], card["supersedes"], body),
    )


def canonical(value: dict) -> str:
    """The text that the digest is of: UTF-8, keys sorted, no white space."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def acknowledge(db: sqlite3.Connection, key: str, street: int) -> None:
    """Tell the service which cards are stored, and keep the receipts; asked twice, it gives the same one."""
    waiting = (
        "SELECT number, digest FROM cards WHERE street = ? AND body IS NOT NULL AND NOT is_settled ORDER BY number"
    )
    for number, digest in db.execute(waiting, (street,)).fetchall():
        try:
            receipt = ask(key, f"cards/{number}/receipt", {"digest": digest})
        except Problem as problem:
            if problem.kind == "withdrawn":  # the feed tells of it soon
                continue
            if problem.kind != "wrong-state":  # it was returned meanwhile
                raise
            receipt = None
        with db:
            db.execute("UPDATE cards SET is_settled = 1 WHERE number = ?", (number,))
            if receipt:
                keep(db, receipt)


def keep(db: sqlite3.Connection, receipt: dict) -> None:
    """Receipts stay, whatever becomes of the cards: they prove what was received."""
    db.execute("INSERT OR IGNORE INTO receipts VALUES (?, ?)", (receipt["hash"], json.dumps(receipt)))


def opened(path: str) -> sqlite3.Connection:
    """The file of the cards; of one from before 0.4 the receipts are kept, and the cards are fetched anew."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA secure_delete = ON")  # what is withdrawn is gone from the file as well
    columns = {row[1] for row in db.execute("PRAGMA table_info(cards)")}
    with db:
        db.execute("BEGIN IMMEDIATE")  # or each DROP would stand by itself, and who is stopped here would lose receipts
        known = db.execute("SELECT receipt FROM cards WHERE receipt <> ''").fetchall() if "receipt" in columns else []
        if "receipt" in columns:
            db.execute("DROP TABLE cards")
            db.execute("DROP TABLE IF EXISTS state")
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        for (receipt,) in known:
            keep(db, json.loads(receipt))
    return db


if __name__ == "__main__":
    with_cards = opened(sys.argv[1])
    for each in os.environ["LOUZU_KEY"].split():
        at = ask(each, "me")["street"]["id"]
        sync(with_cards, each, at)
        acknowledge(with_cards, each, at)
        sync(with_cards, each, at)
