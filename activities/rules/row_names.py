"""What the rows of this app are called in the trail and among a user's own writes."""

from django.db.models import F, Value

from activities.models import Activity, ActivityImport, Attendance, Honour, Need, Reminder, Visit
from members.ground.row_names import joined, register, register_list, register_words, shown


def register_all() -> None:
    register(Activity, "title", state=F("status"), rows=Activity.objects.within_reach)
    register(ActivityImport, "file_name", state=F("status"))
    register(Attendance, joined("activity__title", "member__name"))
    register(Honour, joined("year", "area__label", shown("kind", Honour.Kind.choices)))
    register(Need, "text", state=F("status"))
    register(Reminder, joined("area__label", "first"))
    register_list("activity", Activity)
    register_list("needs", Need)
    register_words("source", Attendance.Source.choices)
    sides = ("pairing__household__area__label", "pairing__household__room", Value("—"), "pairing__neighbour__room")
    register(Visit, joined(*sides, "visited_on"), state=F("visited_on"))
