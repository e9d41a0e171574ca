"""The rows of who came: each held against the activity and the member it names."""

from activities.imports.cells import read_date
from activities.imports.known import ELSEWHERE, MOVED_AWAY, ActivityKey, Ambiguous, ImportMember, Known
from activities.imports.planned import AbsentRow, ActivityPlan, Presence
from activities.imports.rows import NEEDED, Errors, Rows, attempt, day_of, value_of
from activities.imports.sheets import ActivityBook, ImportRow
from activities.models import Activity
from activities.rules.attendance import MOST_AT_ONCE
from activities.rules.pasted_table import has_come
from members.ground.names import fold_name
from members.ground.text import squeezed

ITS_ROW_FAILED = "这次活动在“活动”那一行有错误，改好那一行，这里就好了"
NO_SUCH_ACTIVITY = "没有找到 {day} {area}的“{title}”，请把这次活动写进“活动”表，或核对日期、名称和主办"
NOT_RECORDED = "这次活动登记的名单里没有“{name}”，请在“住址”里写清楚是哪一位"
SEVERAL = "表里有几次同名同日的活动，请加一列“主办”，写明是哪一次"
BLANK = "没有写来没来，别人都写了。来了的请填“到会”，没来的请填“请假”或“缺席”"
UNCLEAR = "看不出来没来。来了的请填“到会”（迟到、早退也算），没来的请填“请假”或“缺席”"


class CameRows(Rows):
    """Who came, gathered by activity for `activities.rules.attendance`, which alone writes it."""

    def __init__(self, book: ActivityBook, known: Known, plan: ActivityPlan):
        super().__init__(book, known, plan)
        self.ticked = {row.sheet for row in book.came if row.cells.get("attended") and _has_come(row)}
        keys = {key for row in book.came if (key := self.key(row))}
        self.recorded = known.recorded(activity for key in keys for activity in known.activities.get(key, ()))

    def take(self, row: ImportRow) -> None:
        words, came = row.cells.get("attended", ""), _has_come(row)
        if not words and row.sheet in self.ticked:
            self.tell(row, {"attended": BLANK})
        elif came is False:
            name, title = row.cells.get("member", ""), row.cells.get("title", "")
            self.plan.absent.append(AbsentRow(row.sheet, row.number, name, title, words))
        elif came is None:
            self.tell(row, {"attended": UNCLEAR})
        else:
            self._record(row)

    def key(self, row: ImportRow) -> ActivityKey | None:
        """Return the key of the row's activity; without a column of organisers, one of the file itself goes first."""
        keys = self._of_file(row)
        return super().key(row) if not keys else next(iter(keys)) if len(keys) == 1 else None

    def _of_file(self, row: ImportRow) -> set[ActivityKey]:
        day = day_of(row)
        if day is None or self.book.tells_organisers(row):
            return set()
        return self.known.of_file.get((squeezed(row.cells.get("title", "")), day), set())

    def _record(self, row: ImportRow) -> None:
        errors: Errors = {}
        activity = self._activity(row, errors)
        person = self._person(row, activity, errors)
        duty = attempt(errors, "duty", lambda: value_of(row, "duty"))
        if activity and person:
            known = self._duty(activity, person.pk)
            if known is None:
                self._check_may_come(activity, person, errors)
            if len(self.plan.new_at(activity)) >= MOST_AT_ONCE:
                errors["member"] = f"一次活动最多登记 {MOST_AT_ONCE} 人，请分成几个文件，分几次导入"
            if not errors:
                self._gather(activity, person.pk, known, duty)
        self.tell(row, errors)

    def _gather(self, activity: Activity, member: int, known: str | None, duty: str | None) -> None:
        """Add one who came; an empty role leaves the known one as it is."""
        duty = (known or "") if duty is None else duty
        count = self.plan.came
        if known == duty:
            count.same += 1
            return
        presence = self.plan.presence.setdefault(id(activity), Presence(activity))
        if known is None or member in presence.new:
            presence.new[member] = duty
        else:
            presence.before.setdefault(member, known)
            presence.changed[member] = duty
        count.new += known is None
        count.changed += known is not None

    def _check_may_come(self, activity: Activity, person: ImportMember, errors: Errors) -> None:
        """Check the rule of `attendance.enrol` ahead, so that the error belongs to a row."""
        if activity.status == Activity.Status.CANCELLED or id(activity) in self.plan.cancelled:
            errors["title"] = "这次活动已经取消，不能登记参加的人"
        elif not activity.is_due:
            errors["held_on"] = "活动的日期还没到，不能登记参加的人"
        elif not person.may_come(activity.held_on):
            errors["member"] = f"“{person.name}”那时不住在这里，请核对姓名和住址"

    def _duty(self, activity: Activity, member: int) -> str | None:
        """Return the member's role at the activity ("" for none); None where no record and no row above has them."""
        above = self.plan.presence.get(id(activity))
        for rows in (above.new, above.changed) if above else ():
            if member in rows:
                return rows[member]
        return self.recorded.duties.get((activity.pk, member))

    def _activity(self, row: ImportRow, errors: Errors) -> Activity | None:
        told = row.cells | {"area": self.book.organiser(row)}
        for name in ("title", "area"):
            if not told.get(name):
                errors[name] = NEEDED[name]
                return None
        if attempt(errors, "held_on", lambda: read_date(told.get("held_on", ""))) is None:
            return None
        if len(self._of_file(row)) > 1:
            errors["title"] = SEVERAL
            return None
        if attempt(errors, "area", lambda: self.known.places.organiser(told["area"])) is None:
            return None
        return attempt(errors, "title", lambda: self._found(row, told["area"]))

    def _found(self, row: ImportRow, area: str) -> Activity:
        key = self.key(row)
        assert key
        if key in self.known.failed:
            raise ValueError(ITS_ROW_FAILED)
        if (found := self.known.only_activity(key)) is None:
            raise ValueError(NO_SUCH_ACTIVITY.format(day=key.day, area=area, title=row.cells["title"]))
        return found

    def _person(self, row: ImportRow, activity: Activity | None, errors: Errors) -> ImportMember | None:
        name, home = row.cells.get("member", ""), row.cells.get("home", "")
        if not name:
            errors["member"] = "没有填姓名，请补上"
            return None
        if home in (MOVED_AWAY, ELSEWHERE):
            person = self.recorded.person(activity, name) if activity else None
            if activity and person is None:
                errors["home"] = NOT_RECORDED.format(name=name)
            return person
        try:
            return self.known.person(name, home)
        except Ambiguous as problem:
            errors["home"] = str(problem)
        except ValueError as problem:
            # A member who moved out of the user's reach since stays on the list of those who came.
            if activity and (person := self.recorded.person(activity, name)):
                return person
            errors["member"] = str(problem)
        return None


def _has_come(row: ImportRow) -> bool | None:
    """Return whether a row says that somebody came, by a mark or by their own name as a signature."""
    words = row.cells.get("attended", "")
    is_signed = bool(words) and fold_name(words) == fold_name(row.cells.get("member", ""))
    return True if is_signed else has_come(words)
