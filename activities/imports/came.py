"""The rows of who came: each held against the activity and the member it names."""

from activities.imports.cells import read_date
from activities.imports.known import ActivityKey, Ambiguous, ImportMember, Known, key_of
from activities.imports.planned import AbsentRow, ActivityPlan, Presence
from activities.imports.rows import NEEDED, Errors, Rows, attempt, value_of
from activities.imports.sheets import ActivityBook, ImportRow
from activities.models import Activity
from activities.rules.pasted_table import has_come

ITS_ROW_FAILED = "这次活动在“活动”那一行有错误，改好那一行，这里就好了"
NO_SUCH_ACTIVITY = "没有找到 {day} {area}的“{title}”，请把这次活动写进“活动”表，或核对日期、名称和主办"
UNCLEAR = "看不出来没来。来了的请填“到会”（迟到、早退也算），没来的请填“请假”或“缺席”"


class CameRows(Rows):
    """Who came, gathered by activity for `activities.rules.attendance`, which alone writes it."""

    def __init__(self, book: ActivityBook, known: Known, plan: ActivityPlan):
        super().__init__(book, known, plan)
        keys = {key for row in book.came if (key := self.key(row))}
        self.recorded = known.recorded(activity for key in keys for activity in known.activities.get(key, ()))

    def take(self, row: ImportRow) -> None:
        words = row.cells.get("attended", "")
        came = has_come(words)
        if came is False:
            name, title = row.cells.get("member", ""), row.cells.get("title", "")
            self.plan.absent.append(AbsentRow(row.sheet, row.number, name, title, words))
        elif came is None:
            self.tell(row, {"attended": UNCLEAR})
        else:
            self._record(row)

    def _record(self, row: ImportRow) -> None:
        errors: Errors = {}
        activity = self._activity(row, errors)
        person = self._person(row, activity, errors)
        duty = attempt(errors, "duty", lambda: value_of(row, "duty"))
        if activity and person:
            known = self._duty(activity, person.pk)
            if known is None:
                _check_may_come(activity, person, errors)
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

    def _duty(self, activity: Activity, member: int) -> str | None:
        """Return the member's role at the activity ("" for none); None where no record and no row above has them."""
        above = self.plan.presence.get(id(activity))
        for rows in (above.new, above.changed) if above else ():
            if member in rows:
                return rows[member]
        return self.recorded.duties.get((activity.pk, member))

    def _activity(self, row: ImportRow, errors: Errors) -> Activity | None:
        cells = row.cells
        for name in ("title", "area"):
            if not cells.get(name):
                errors[name] = NEEDED[name]
                return None
        day = attempt(errors, "held_on", lambda: read_date(cells.get("held_on", "")))
        if day is None:
            return None
        area = attempt(errors, "area", lambda: self.known.places.organiser(cells["area"]))
        if area is None:
            return None
        return attempt(errors, "title", lambda: self._found(key_of(area, cells["title"], day), cells))

    def _found(self, key: ActivityKey, cells: dict[str, str]) -> Activity:
        found = self.known.activity(key)
        if found is None and key in self.known.failed:
            raise ValueError(ITS_ROW_FAILED)
        if found is None:
            raise ValueError(NO_SUCH_ACTIVITY.format(day=key.day, area=cells["area"], title=cells["title"]))
        return found

    def _person(self, row: ImportRow, activity: Activity | None, errors: Errors) -> ImportMember | None:
        name, home = row.cells.get("member", ""), row.cells.get("home", "")
        if not name:
            errors["member"] = "没有填姓名，请补上"
            return None
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


def _check_may_come(activity: Activity, person: ImportMember, errors: Errors) -> None:
    """Check the rule of `attendance.enrol` ahead, so that the error belongs to a row."""
    if activity.status == Activity.Status.CANCELLED:
        errors["title"] = "这次活动已经取消，不能登记参加的人"
    elif not activity.is_due:
        errors["held_on"] = "活动的日期还没到，不能登记参加的人"
    elif not person.may_come(activity.held_on):
        errors["member"] = f"“{person.name}”那时不住在这里，请核对姓名和住址"
