"""Who works the queue: what is left undone is taken up again, what waits is never lost, and the beats say who lives."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, InternalError, OperationalError, ProgrammingError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from feedback.feed import delivering
from feedback.models import Delivery, IssueRun, Webhook
from feedback.rules import issuing
from louzu.rules import nightly
from members.ground import queue
from members.models import Area, Member, RosterImport, User, WorkerBeat, journal
from members.models.uploads import INTERRUPTED, SILENCE
from members.models.workers import DEAD_AFTER
from members.roster import job, stages, steps
from members.work import jobs, worker
from members.work.worker import AWAY, BACK, STUCK, TRIES, Worker
from tests import factories
from tests.cards import agreed, fresh, in_post
from tests.members.uploads import cells, preview, sheet
from tests.racing import raced

LONG_AGO = timezone.now() - timedelta(hours=1)
Status = RosterImport.Status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queued(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks wait for a worker, as in the field; the night's are tested elsewhere, and would stand among these."""
    others = [each for each in queue._waiting if each.task is not nightly.keep_figures]
    monkeypatch.setattr(queue, "_waiting", others)
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def waiting_upload(area: Area, user: User | None = None) -> RosterImport:
    upload = RosterImport(area=area, user=user, file_name="花名册.csv")
    upload.file = sheet(cells("新人甲"))
    upload.save()
    jobs.enqueue(job.read_roster_import, upload.pk)
    return upload


def left(upload: RosterImport | IssueRun, *holders: str) -> DBTaskResult:
    """Its task as a worker leaves it that was killed an hour ago."""
    type(upload).objects.filter(pk=upload.pk).update(beat_at=LONG_AGO)
    task = DBTaskResult.objects.get(args_kwargs__args__0=upload.pk)
    task.status, task.started_at, task.worker_ids = "RUNNING", LONG_AGO, list(holders)
    task.save()
    return task


def status_of(row: Any) -> str:
    row.refresh_from_db()
    return row.status


class TestAnUploadThatWaits:
    def test_it_is_not_lost_however_long_it_waits(self, community: Area, group: Area) -> None:
        upload = waiting_upload(community)
        RosterImport.objects.update(created_at=timezone.now() - timedelta(hours=3))
        assert RosterImport.objects.bury_the_silent() == 0
        assert status_of(upload) == Status.READING
        assert upload.content is not None
        Worker("w").empty_the_queue()
        assert status_of(upload) == Status.REVIEW

    def test_nor_one_whose_worker_was_killed_while_its_task_stands_in_the_queue(
        self, community: Area, group: Area
    ) -> None:
        upload = waiting_upload(community)
        left(upload, "killed")
        assert RosterImport.objects.bury_the_silent() == 0
        Worker("w").empty_the_queue()
        assert status_of(upload) == Status.REVIEW

    def test_one_that_waits_to_be_written_is_not_lost_either(self, community: Area, group: Area) -> None:
        upload = preview(sheet(cells("新人甲")), community)
        upload.advance(Status.APPLYING)
        assert upload.beat_at is None
        assert RosterImport.objects.bury_the_silent() == 0

    def test_looking_at_it_writes_nothing(self, community: Area, group: Area, secretary: User, logged_in: Any) -> None:
        upload, client = waiting_upload(community, secretary), logged_in(secretary)
        client.get("/roster/")
        for address in ("/roster/", f"/roster/{upload.pk}/", f"/roster/{upload.pk}/progress/"):
            assert writes_of(client, address) == []

    def test_nor_does_looking_at_a_run(self, community: Area, group: Area, secretary: User, logged_in: Any) -> None:
        run, client = IssueRun.objects.create(area=community, user=secretary), logged_in(secretary)
        client.get("/roster/")
        for address in (f"/cards/runs/{run.pk}/", f"/cards/runs/{run.pk}/progress/"):
            assert writes_of(client, address) == []


def writes_of(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE", "BEGIN IMM"))]


class TestWhatIsLeftUndone:
    def test_a_roster_is_written_by_the_next_worker(self, community: Area, group: Area) -> None:
        upload = preview(sheet(cells("新人甲")), community)
        upload.advance(Status.APPLYING)
        jobs.enqueue(job.apply_roster_import, upload.pk, False)
        left(upload, "killed")
        Worker("w").empty_the_queue()
        assert status_of(upload) == Status.APPLIED
        assert Member.objects.count() == 1

    def test_what_was_done_already_is_not_done_twice(self, community: Area, group: Area) -> None:
        """It was committed; only the task was not marked any more."""
        upload = preview(sheet(cells("新人甲")), community)
        upload.advance(Status.APPLYING)
        jobs.enqueue(job.apply_roster_import, upload.pk, False)
        Worker("w").empty_the_queue()
        task = left(upload, "killed")
        Worker("v").empty_the_queue()
        task.refresh_from_db()
        assert (status_of(upload), task.status, Member.objects.count()) == (Status.APPLIED, "SUCCESSFUL", 1)

    def test_a_reading_that_comes_again_does_not_disturb_the_writing(self, community: Area, group: Area) -> None:
        """It was read and reviewed, and the clerk pressed on, before the task of the killed reader is put back."""
        upload = preview(sheet(cells("新人甲")), community)
        upload.advance(Status.APPLYING)
        job.read_roster_import.call(upload.pk)
        assert status_of(upload) == Status.APPLYING

    def test_two_who_write_the_same_write_it_once(
        self, community: Area, group: Area, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One was thought dead and was not: it comes to the street's lock behind the other."""
        upload = preview(sheet(cells("新人甲")), community)
        upload.advance(Status.APPLYING)
        first, second = (RosterImport.objects.select_related("area").get(pk=upload.pk) for _ in range(2))
        prepare = steps._current_plan

        def overtaken(*arguments: Any) -> Any:
            prepared = prepare(*arguments)
            monkeypatch.setattr(steps, "_current_plan", prepare)
            steps.apply_step(second, only_good=False)
            return prepared

        monkeypatch.setattr(steps, "_current_plan", overtaken)
        steps.apply_step(first, only_good=False)
        assert (status_of(upload), Member.objects.count()) == (Status.APPLIED, 1)

    def test_a_run_goes_on(self, community: Area, group: Area, secretary: User) -> None:
        card = agreed(in_post("工甲", group, room="1"))
        run = IssueRun.objects.create(area=community, user=secretary, cards=[card.pk])
        run.leaving_cards.add(card)
        DBTaskResult.objects.all().delete()
        jobs.enqueue(issuing.run_issue, run.pk)
        left(run, "killed")
        assert IssueRun.objects.bury_the_silent() == 0
        Worker("w").empty_the_queue()
        assert (status_of(run), fresh(card).status) == ("done", "issued")

    def test_what_ends_its_workers_again_and_again_is_given_up_and_says_so(self, community: Area, group: Area) -> None:
        upload = waiting_upload(community)
        task = left(upload, *(f"killed {number}" for number in range(TRIES)))
        Worker("w").empty_the_queue()
        task.refresh_from_db()
        assert (task.status, status_of(upload)) == ("FAILED", Status.READING)
        assert RosterImport.objects.bury_the_silent() == 1
        assert (status_of(upload), upload.message) == (Status.FAILED, INTERRUPTED.format("花名册"))

    @pytest.mark.parametrize(("silent", "is_taken"), [(DEAD_AFTER * 2, True), (DEAD_AFTER / 2, False)])
    def test_what_another_has_in_hand_is_left_to_it_while_it_lives(
        self, community: Area, group: Area, silent: timedelta, is_taken: bool
    ) -> None:
        upload = waiting_upload(community)
        left(upload, "other")
        WorkerBeat.objects.create(name="other", beat_at=timezone.now() - silent)
        Worker("w").empty_the_queue()
        assert (status_of(upload) == Status.REVIEW) is is_taken

    def test_a_task_that_fails_fails(self, community: Area, caplog: pytest.LogCaptureFixture) -> None:
        jobs.enqueue(job.read_roster_import, 999_999_999)
        Worker("w").empty_the_queue()
        assert DBTaskResult.objects.get().status == "FAILED"


class TestBeats:
    def test_a_worker_says_that_it_lives_and_that_it_stopped(self) -> None:
        mine = Worker("w")
        mine._come_in()
        WorkerBeat.objects.update(beat_at=LONG_AGO)
        mine._beat()
        assert list(WorkerBeat.objects.alive()) == [WorkerBeat.objects.get()]
        mine._leave()
        assert not WorkerBeat.objects.alive().exists()
        mine = Worker("w")
        mine._come_in()
        assert WorkerBeat.objects.alive().count() == 1

    def test_an_import_beats_while_it_is_read(
        self, community: Area, group: Area, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The child takes its time over a workbook; the beats go on meanwhile."""
        upload = waiting_upload(community)
        beats: list[Any] = []
        read = steps.read_roster

        class Heart:
            def __init__(self, beat: Any) -> None:
                beats.append(beat)

            def __enter__(self) -> None:
                """No thread in a test."""

            def __exit__(self, *_: object) -> None:
                beats.clear()

        def slow(*arguments: Any, **more: Any) -> Any:
            RosterImport.objects.update(beat_at=LONG_AGO)
            assert beats[0]()
            upload.refresh_from_db()
            assert upload.beat_at > timezone.now() - SILENCE
            return read(*arguments, **more)

        monkeypatch.setattr(stages, "Heart", Heart)
        monkeypatch.setattr(steps, "read_roster", slow)
        steps.read_step(RosterImport.objects.get(pk=upload.pk))
        assert (status_of(upload), beats) == (Status.REVIEW, [])

    def test_old_ones_and_old_results_are_forgotten(self, community: Area, group: Area) -> None:
        WorkerBeat.objects.create(name="old", beat_at=timezone.now() - timedelta(days=8))
        waiting_upload(community)
        Worker("w").empty_the_queue()
        DBTaskResult.objects.update(finished_at=timezone.now() - timedelta(days=15))
        Worker("v").empty_the_queue()
        assert not DBTaskResult.objects.exists()
        assert not WorkerBeat.objects.filter(name="old").exists()


class TestMessagesThatBecameDue:
    @pytest.fixture
    def due(self, street: Area, monkeypatch: pytest.MonkeyPatch) -> Delivery:
        """A message whose moment passed while nobody worked, and no task for it."""
        monkeypatch.setattr(delivering.posting, "post", lambda *_: 204)
        hook = Webhook(employer=factories.employer(), street=street, url="https://hooks.example/")
        hook.make_secret()
        hook.save()
        return Delivery.objects.create(webhook=hook, cursor="c", next_at=LONG_AGO)

    def test_they_go_out_with_the_worker(self, due: Delivery) -> None:
        Worker("w").empty_the_queue()
        assert status_of(due) == "delivered"

    def test_a_task_that_stands_there_already_is_enough(self, due: Delivery) -> None:
        queue.gather()
        queue.gather()
        assert DBTaskResult.objects.count() == 1

    def test_what_is_not_due_yet_sets_the_alarm(self, due: Delivery) -> None:
        moment = timezone.now() + timedelta(minutes=3)
        Delivery.objects.update(next_at=moment)
        Worker("w").empty_the_queue()
        assert (status_of(due), queue.next_moment()) == ("waiting", moment)

    def test_what_stayed_due_is_not_tried_again_at_once(self, due: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its task failed; a thread that came back at once would fail for ever."""
        rung: list[Any] = []
        monkeypatch.setattr(jobs, "_ring_at", rung.append)
        jobs._set_alarm()
        assert rung[0] > timezone.now() + jobs.AGAIN / 2

    def test_the_thread_beside_a_server_starts_with_it(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        started: list[int] = []
        monkeypatch.setattr(jobs, "_start_worker", lambda: started.append(1))
        jobs.start()
        assert started == []
        settings.WORKER_THREAD = True
        jobs.start()
        assert started == [1]


class TestADatabaseThatIsAway:
    @pytest.fixture
    def said(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(worker.time, "sleep", lambda _: None)
        monkeypatch.setattr(worker, "LONGEST_PAUSE", 0)
        monkeypatch.setattr(worker, "INTERVAL", 0)
        monkeypatch.setattr(worker.connection, "close", lambda: None)
        return []

    def test_it_says_so_once_and_once_that_it_is_back(self, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        mine, turns = Worker("w", notify=said.append), [True, False, False, False, True, True]

        def claim() -> None:
            is_there = turns.pop(0)
            mine.is_stopping = not turns
            if not is_there:
                raise OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(mine, "_claim", claim)
        monkeypatch.setattr(worker, "close_old_connections", lambda: None)
        mine.run()
        assert said == [AWAY, BACK]

    @pytest.mark.parametrize(
        ("error", "sentence"),
        [
            (InternalError("cannot execute UPDATE in a read-only transaction"), STUCK),
            (DatabaseError("error with status PGRES_TUPLES_OK and no message from the libpq"), STUCK),
            (ProgrammingError('relation "members_area" does not exist'), STUCK),
            (OSError(28, "No space left on device"), AWAY),
            (RuntimeError("a fault of ours"), STUCK),
        ],
        ids=str,
    )
    def test_no_error_ends_it(
        self, said: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
    ) -> None:
        """As each failover and upgrade has its own: a worker that ended at one was missed only days later."""
        mine, errors, claimed = Worker("w", notify=said.append), [error, error], []

        def claim() -> None:
            if errors:
                raise errors.pop()
            claimed.append(WorkerBeat.objects.alive().filter(name="w").exists())
            mine.is_stopping = True

        monkeypatch.setattr(mine, "_claim", claim)
        monkeypatch.setattr(worker, "close_old_connections", lambda: None)
        mine.run()
        assert (said, claimed) == ([sentence, BACK], [True])

    def test_it_may_be_back_as_a_restored_backup(
        self, said: list[str], monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path, member: Member
    ) -> None:
        """What was taken back since is taken back before the next task, and the worker is known there too."""
        settings.JOURNAL = tmp_path / "journal.log"
        consent = factories.consent(member)
        mine, turns = Worker("w", notify=said.append), [True, False, True]
        known: list[tuple[bool, bool]] = []

        def claim() -> None:
            if not turns.pop(0):
                settings.JOURNAL.write_text(f"host\nconsent {consent.token}\n")
                WorkerBeat.objects.all().delete()
                raise OperationalError("server closed the connection unexpectedly")
            mine.is_stopping = not turns
            if mine.is_stopping:
                consent.refresh_from_db()
                known.append((WorkerBeat.objects.alive().filter(name="w").exists(), consent.is_in_force))

        monkeypatch.setattr(mine, "_claim", claim)
        monkeypatch.setattr(worker, "close_old_connections", lambda: None)
        mine.run()
        assert (turns, known) == ([], [(True, False)])

    def test_no_task_of_a_restored_backup_is_worked_before_the_journal(
        self, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path, group: Area
    ) -> None:
        settings.JOURNAL = tmp_path / "journal.log"
        monkeypatch.setattr(journal, "_is_applied", False)
        card = agreed(in_post("工甲", group, room="1"))
        settings.JOURNAL.write_text(f"host\nconsent {card.consent.token}\n")
        run = issuing.start(card.area, [card.pk], user=factories.user("发卡的"))
        Worker("w").empty_the_queue()
        run.refresh_from_db()
        card.refresh_from_db()
        assert (run.issued, card.status) == (0, "withdrawn")

    def test_the_task_at_hand_is_worked_again(
        self, community: Area, group: Area, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The database went away under it: the task has not failed, and the same worker takes it up."""
        upload, read = waiting_upload(community), steps.read_roster

        def away(*_: object, **__: object) -> None:
            raise OperationalError("terminating connection due to administrator command")

        monkeypatch.setattr(steps, "read_roster", away)
        monkeypatch.setattr(stages, "is_away", lambda _: True)
        monkeypatch.setattr(worker, "is_away", lambda _: True)
        mine = Worker("w")
        with pytest.raises(OperationalError):
            mine.empty_the_queue()
        assert DBTaskResult.objects.get().status == "RUNNING"
        monkeypatch.setattr(steps, "read_roster", read)
        mine._tidied_at = float("-inf")
        mine.empty_the_queue()
        task = DBTaskResult.objects.get()
        assert (status_of(upload), task.status, task.worker_ids) == (Status.REVIEW, "SUCCESSFUL", ["w", "w"])


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_take_different_tasks(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    area = factories.area("街道")
    for _ in range(12):
        jobs.enqueue(job.read_roster_import, area.pk)
    claimed = raced(*(lambda name=f"w{number}": claims(name) for number in range(4)))
    everything = [pk for some in claimed for pk in some]
    assert len(everything) == len(set(everything)) == 12
    assert {len(task.worker_ids) for task in DBTaskResult.objects.all()} == {1}


def claims(name: str) -> list[Any]:
    mine, taken = Worker(name), []
    while DBTaskResult.objects.ready().exists():
        if task := mine._claim():
            taken.append(task.pk)
    return taken
