"""The load: activities recorded through the web hosts, cards issued by the workers, a unit that reads and answers.

Each of them does what a good client does: it sends a call again, with the same content or the same key, until it is
told what became of it. Whatever was acknowledged is noted, and each call that failed. Somebody reads a report
meanwhile, whose figures may never be older than what was acknowledged before.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import count
from queue import Empty, Queue
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, router
from django.utils import timezone

from activities.models import Activity
from feedback.models import Answer, FeedEvent, RecordCard
from feedback.models.replies import Receipt
from feedback.rules import issuing
from members.ground.replica import REPLICA, from_replica
from tests.cluster.places import HOST, Places
from tests.cluster.reckoning import Acknowledged, Event, Failure
from tests.cluster.seeds import Seeds

RECORDERS, CARDS_AT_ONCE = 2, 3
AFTER_FAILURE, BETWEEN_RUNS, BETWEEN_PULLS, BETWEEN_REPORTS = 0.25, 1.5, 0.3, 1.0  # seconds
PATIENCE = 20.0  # longer than a request waits behind the pooler
DONE = {200, 201}


class Load:
    """Threads that write and read until they are stopped; what they were told is in `writes`, `events`, `failures`."""

    def __init__(self, places: Places, seeds: Seeds):
        self.places, self.seeds = places, seeds
        self.writes: list[Acknowledged] = []
        self.events: list[Event] = []
        self.failures: list[Failure] = []
        self.reports: Counter[str] = Counter()  # read, out of date, and those for which a replica was fit
        self._over = threading.Event()
        self._to_answer: Queue[dict[str, Any]] = Queue()
        self._cursor = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        jobs = [
            *(self._recorder(number) for number in range(RECORDERS)),
            self._issue,
            self._read,
            self._answer,
            self._report,
        ]
        threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(4 * PATIENCE)

    def read_to_the_end(self) -> None:
        """Read what the reader has not read yet, after everything has come to rest."""
        while self._pull():
            pass

    def stored(self) -> dict[str, Counter[str]]:
        """Count the rows in the database, by what the writers call them."""
        return {
            "activity": Counter(Activity.objects.values_list("title", flat=True)),
            "issued": Counter(str(pk) for pk in FeedEvent.objects.filter(type="issued").values_list("card", flat=True)),
            "receipt": Counter(Receipt.objects.values_list("card__number", flat=True)),
            "answer": Counter(Answer.objects.values_list("card__number", flat=True)),
        }

    def last_seq(self) -> int:
        return FeedEvent.objects.order_by("-seq").values_list("seq", flat=True)[0]

    def waiting(self) -> int:
        """Return how many cards were sent off, but not issued yet."""
        sent = [int(write.key) for write in self.writes if write.kind == "issued"]
        return RecordCard.objects.filter(pk__in=sent, status=RecordCard.Status.AGREED).count()

    def _recorder(self, number: int) -> Callable[[], None]:
        def record() -> None:
            for each in count():
                title = f"试验{number}-{each}"
                body = {
                    "area": self.seeds.community.pk,
                    "title": title,
                    "held_on": timezone.localdate().isoformat(),
                    "field": Activity.Field.SURROUNDINGS.value,
                }
                if self._until_done("POST", "/api/v1/activities", self.seeds.token, body) is None:
                    return
                self._note("activity", title)

        return record

    def _issue(self) -> None:
        """Hand cards to the workers, as the page does, through the pooler."""
        left = list(self.seeds.cards)
        while left and not self._over.wait(BETWEEN_RUNS):
            some, left = left[:CARDS_AT_ONCE], left[CARDS_AT_ONCE:]
            while not self._over.is_set() and not self._sent(some):
                time.sleep(AFTER_FAILURE)

    def _sent(self, cards: list[int]) -> bool:
        try:
            close_old_connections()
            issuing.start(self.seeds.community, cards, user=self.seeds.secretary)
        except (DatabaseError, InterfaceError) as error:
            self._fail(f"cards handed over: {str(error).partition(chr(10))[0]}")
            return False
        for card in cards:
            self._note("issued", str(card))
        return True

    def _read(self) -> None:
        while not self._over.wait(BETWEEN_PULLS):
            self._pull()

    def _pull(self) -> bool:
        """Read what is new in the feed; return whether there was anything."""
        page = self._asked("GET", f"/api/v1/feed?after={self._cursor}", self.seeds.key)
        if page is None or not page["events"]:
            return False
        self._cursor = page["next"]
        now = time.monotonic()
        for event in page["events"]:
            self.events.append(Event(event["seq"], now))
            self._to_answer.put(event["card"])
        return True

    def _answer(self) -> None:
        """Acknowledge and answer each card that was read."""
        while not self._over.is_set():
            try:
                card = self._to_answer.get(timeout=0.3)
            except Empty:
                continue
            number = card["number"]
            path, digest, text = f"/api/v1/cards/{number}", {"digest": card["digest"]}, {"text": "谢谢社区。"}
            if self._until_done("POST", f"{path}/receipt", self.seeds.key, digest) is None:
                return
            self._note("receipt", number)
            if self._until_done("POST", f"{path}/answer", self.seeds.key, text, once=f"answer-{number}") is None:
                return
            self._note("answer", number)

    def _report(self) -> None:
        """Read how many cards the unit acknowledged, and compare that with how many it knows to be."""
        path = f"/api/v1/card-report/{self.seeds.community.pk}"
        while not self._over.wait(BETWEEN_REPORTS):
            known = sum(write.kind == "receipt" for write in self.writes)
            if report := self._asked("GET", path, self.seeds.token):
                self.reports["read"] += 1
                self.reports["out of date"] += report["figures"]["received"] < known
                self.reports["fit"] += _where_reports_read() == REPLICA

    def _until_done(self, method: str, path: str, token: str, body: Any, *, once: str = "") -> Any:
        """Send a call until it is answered; None where the load was stopped before."""
        while not self._over.is_set():
            answer = self._asked(method, path, token, body, once=once)
            if answer is not None:
                return answer
            time.sleep(AFTER_FAILURE)
        return None

    def _asked(self, method: str, path: str, token: str, body: Any = None, *, once: str = "") -> Any:
        """Return what is answered, parsed; None where the call failed, which is noted."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": once} if once else {}
        with closing(HTTPConnection(HOST, self.places.ports["web"], timeout=PATIENCE)) as connection:
            try:
                connection.request(method, path, json.dumps(body) if body else None, headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, HTTPException) as error:
                return self._fail(repr(error))
        return json.loads(text) if answer.status in DONE else self._fail(f"{answer.status} {_sentence(text)}")

    def _note(self, kind: str, key: str) -> None:
        self.writes.append(Acknowledged(kind, key, time.monotonic()))

    def _fail(self, what: str) -> None:
        self.failures.append(Failure(time.monotonic(), what))


@from_replica
def _where_reports_read() -> str:
    return router.db_for_read(RecordCard)


def _sentence(text: bytes) -> str:
    """Return what a problem says, or the beginning of a page."""
    try:
        return json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        return text.decode(errors="replace")[:80]
