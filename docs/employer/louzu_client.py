"""Keep a copy of your unit's record cards, and acknowledge them: the reference client of the employers' API.

    LOUZU=<address>/api/v1 LOUZU_KEY="lz_… lz_…" python louzu_client.py cards.sqlite3
    … python louzu_client.py cards.sqlite3 answer <number> <text> [thanks]
    … python louzu_client.py cards.sqlite3 return <number> <reason code> [text]
    … python louzu_client.py cards.sqlite3 slips <file.json>             (a list of slips to send with the first key)
    … python louzu_client.py cards.sqlite3 slip <number> <answer|withdraw|end|ours> [body as JSON]
    … python louzu_client.py cards.sqlite3 receipts > receipts.jsonl     (for verify_receipt.py; calls nobody)

One key a street that your unit is in touch with, separated by blanks. Standard library only; run it as often as you
like, from cron for instance. It may be stopped at any moment: each page of the feed is stored together with the cursor
behind it, in one transaction, so nothing is missed or kept twice; an answer or a return is stored before it is sent,
and sent again by the next run, with the same idempotency key, until the service has said what became of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

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
);
CREATE TABLE IF NOT EXISTS replies (
    id INTEGER PRIMARY KEY, street INTEGER NOT NULL, number TEXT NOT NULL,
    step TEXT NOT NULL,                      -- answer or return, of slips: send, or slip and the step
    body TEXT NOT NULL, once TEXT NOT NULL,
    outcome TEXT                             -- NULL until the service has said what became of it
);
CREATE TABLE IF NOT EXISTS slips (
    number TEXT PRIMARY KEY, street INTEGER NOT NULL, status TEXT NOT NULL,
    told TEXT NOT NULL                       -- what the feed last told of it, which names nobody
)"""
EVENTS = {"issued", "corrected", "withdrawn", "reopened"}  # others may come, they are not about cards' bodies
START_OVER = {"cursor-reset", "bad-cursor"}
MOST_SLIPS = 500  # in one call
PATIENCE = 5  # how often a service that is away for the moment is asked again


class Problem(Exception):
    """An error of the service (RFC 9457): its status, the last part of its type, and what is wrong by field."""

    def __init__(self, status: int, kind: str, detail: str, errors: dict | None = None):
        super().__init__(f"{status} {kind}: {detail}")
        self.status, self.kind, self.errors = status, kind, errors or {}


def ask(key: str, path: str, body: dict | None = None, once: str = "", tries: int = PATIENCE) -> dict:
    """Call the service; where it is busy or away, wait as long as it says."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    if once:
        headers["Idempotency-Key"] = once
    request = urllib.request.Request(f"{os.environ['LOUZU'].rstrip('/')}/{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in (429, 503) and tries:
            time.sleep(int(error.headers.get("Retry-After", "1")))
            return ask(key, path, body, once, tries - 1)
        told = json.loads(error.read() or b"{}") if "json" in error.headers.get("Content-Type", "") else {}
        raise Problem(
            error.code, told.get("type", "").rpartition("/")[2], told.get("detail", ""), told.get("errors")
        ) from error


def sync(db: sqlite3.Connection, key: str, street: int) -> None:
    """Store everything that the street's feed has behind the last cursor."""
    more = True
    while more:
        after = (db.execute("SELECT cursor FROM cursors WHERE street = ?", (street,)).fetchone() or ("",))[0]
        try:
            page = ask(key, "feed?" + urllib.parse.urlencode({"after": after, "limit": 200}))
        except Problem as problem:
            if problem.kind not in START_OVER or not after:
                raise
            with db:  # the service was restored from a backup: start this street again, the receipts stay
                db.execute("DELETE FROM cards WHERE street = ?", (street,))
                db.execute("DELETE FROM slips WHERE street = ?", (street,))
                db.execute("DELETE FROM cursors WHERE street = ?", (street,))
            continue
        with db:
            for event in page["events"]:
                if event["type"] in EVENTS:
                    store(db, street, event)
                elif "slip" in event:
                    note(db, street, event["slip"])
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


def note(db: sqlite3.Connection, street: int, slip: dict) -> None:
    """Take in how far a slip came, and keep its receipt; each event tells the whole of it."""
    told = json.dumps(slip, ensure_ascii=False)
    db.execute("INSERT OR REPLACE INTO slips VALUES (?, ?, ?, ?)", (slip["number"], street, slip["status"], told))
    if slip.get("receipt"):
        keep(db, slip["receipt"])


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


def reply(db: sqlite3.Connection, step: str, number: str, body: dict) -> None:
    """Store what is to be said of a card; `send_replies` sends it."""
    row = db.execute("SELECT street, digest FROM cards WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise SystemExit(f"{number}: there is no such card here.")
    told = body | ({"digest": row[1]} if step == "return" else {})
    with db:
        db.execute(
            "INSERT INTO replies (street, number, step, body, once) VALUES (?, ?, ?, ?, ?)",
            (row[0], number, step, json.dumps(told), uuid.uuid4().hex),
        )
        if step == "return":  # it need not be acknowledged first
            db.execute("UPDATE cards SET is_settled = 1 WHERE number = ?", (number,))


def send_slips(db: sqlite3.Connection, street: int, slips: list) -> None:
    """Store slips to be sent to the street, as many in a call as it takes; `send_replies` sends them."""
    with db:
        for first in range(0, len(slips), MOST_SLIPS):
            wait(db, street, "", "send", {"slips": slips[first : first + MOST_SLIPS]})


def step_slip(db: sqlite3.Connection, number: str, step: str, body: dict) -> None:
    """Store a step on a slip (answer, withdraw, end, ours); `send_replies` sends it."""
    row = db.execute("SELECT street FROM slips WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise SystemExit(f"{number}: there is no such slip here.")
    with db:
        wait(db, row[0], number, f"slip {step}", body)


def wait(db: sqlite3.Connection, street: int, number: str, step: str, body: dict) -> None:
    db.execute(
        "INSERT INTO replies (street, number, step, body, once) VALUES (?, ?, ?, ?, ?)",
        (street, number, step, json.dumps(body), uuid.uuid4().hex),
    )


def path_of(number: str, step: str) -> str:
    """The address of a call that waits."""
    if step == "send":
        return "slips"
    return f"slips/{number}/{step.removeprefix('slip ')}" if step.startswith("slip ") else f"cards/{number}/{step}"


def settle(step: str, body: str, told: dict) -> tuple[str, str]:
    """What became of a call, and what is still kept of it: of slips, the reasons of those that were not sent.

    Whom they are about is not kept; what the service tells of them comes by the feed.
    """
    if step == "send":
        refused = [row for row in told["slips"] if row["errors"]]
        return f"sent {told['sent']}, refused {told['refused']}", json.dumps(refused, ensure_ascii=False)
    return "done", "{}" if step.startswith("slip ") else body


def send_replies(db: sqlite3.Connection, key: str, street: int) -> None:
    """Send what waits, in its order; what the service refuses is kept with the reason, and not sent again."""
    waiting = "SELECT id, number, step, body, once FROM replies WHERE street = ? AND outcome IS NULL ORDER BY id"
    for row, number, step, body, once in db.execute(waiting, (street,)).fetchall():
        try:
            outcome, body = settle(step, body, ask(key, path_of(number, step), json.loads(body), once))
        except Problem as problem:
            if problem.status in (401, 403, 429) or problem.status >= 500:  # nothing was said of this reply yet
                raise
            outcome = str(problem)
            if step == "send" or step.startswith("slip "):
                body = json.dumps(problem.errors, ensure_ascii=False)
            print(f"{number}: {outcome}", file=sys.stderr)
        with db:
            db.execute("UPDATE replies SET outcome = ?, body = ? WHERE id = ?", (outcome, body, row))


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


def main(path: str, step: str = "", number: str = "", *words: str) -> None:
    """Store the reply that the command line gives, if it gives one; then do all that waits, street by street."""
    db = opened(path)
    if step == "receipts":
        for (receipt,) in db.execute("SELECT receipt FROM receipts"):
            print(receipt)
        return
    if step == "answer":
        reply(db, step, number, {"text": words[0], "thanks": "thanks" in words[1:]})
    elif step == "return":
        reply(db, step, number, {"reason_code": words[0], "text": " ".join(words[1:])})
    elif step == "slip":
        step_slip(db, number, words[0], json.loads(words[1] if len(words) > 1 else "{}"))
    elif step == "slips":
        rows = json.loads(pathlib.Path(number).read_text("utf-8"))
        send_slips(db, ask(os.environ["LOUZU_KEY"].split()[0], "me")["street"]["id"], rows)
    elif step:
        raise SystemExit(__doc__)
    for key in os.environ["LOUZU_KEY"].split():
        street = ask(key, "me")["street"]["id"]
        sync(db, key, street)
        acknowledge(db, key, street)
        send_replies(db, key, street)
        sync(db, key, street)


if __name__ == "__main__":
    main(*sys.argv[1:])
