"""Slips that are not clear yet: asking the sender, their answer, placing an unknown home, the phone in full."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from feedback.feed.slips import add_slip_events
from feedback.models import FeedEvent, Slip
from feedback.models.slip_rows import WAITING
from feedback.rules.receiving import By
from feedback.rules.slips_reading import HomeReader, community_of, group_of, read_text
from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.days import Unreadable
from members.ground.rooms import fold_room, wrong_with_room
from members.ground.states import Conflict
from members.models import Area, User

Status = Slip.Status
NO_TEXT = "选了“其他”，请写一句要核对什么。"
TOO_LONG = "请不要超过 200 个字。"
NO_QUESTION = "请选要核对什么。"
NO_ANSWER = "请写一句回答，或者改好住址、电话。"
NOT_HERE = "请选择本街道在用的社区。"
NOT_YOURS = "这张报到单刚刚转给了别的社区或街道，请回到名单看看。"
NOT_NOW = "这张报到单现在是“{}”，不能再做这一步。请刷新页面看看。"


def ask(slip: Slip, *, code: str, text: str = "", by: User) -> Slip:
    """Ask the sender what is not clear (Slip.Question); a repeated call changes nothing.

    ValidationError where OTHER has no text, Conflict where the slip does not wait. The employer's feed tells of it.
    """
    text = sentence(text)
    if code not in Slip.Question.values:
        raise ValidationError({"code": NO_QUESTION})
    if code == Slip.Question.OTHER and not text:
        raise ValidationError({"text": NO_TEXT})
    with atomic_write():
        slip = locked_for(slip, by)
        if (slip.status, slip.asked_code, slip.asked_text) == (Status.ASKED, code, text):
            return slip
        question: dict[str, Any] = {"asked_at": timezone.now(), "asked_code": code, "asked_text": text, "reply": ""}
        if slip.status == Status.ASKED:  # another question takes its place
            change(slip, **question)
        else:
            slip.advance(Status.ASKED, **question)
        add_slip_events([slip], FeedEvent.Type.SLIP_ASKED)
    return slip


def answer_question(slip: Slip, *, text: str = "", home: str = "", phone: str = "", by: By) -> Slip:
    """Answer what was asked, with a sentence, another address or another phone; the slip is SENT again.

    A new address is read anew. ValidationError by field, Conflict where nothing is asked. Repeating it changes nothing.
    """
    text, home, phone = sentence(text), _field("home", home), _field("phone", phone)
    if not (text or home or phone):
        raise ValidationError({"text": NO_ANSWER})
    with atomic_write():
        slip = locked(slip)
        if _is_answered(slip, text, home, phone):
            return slip
        values: dict[str, Any] = {"reply": text}
        if home and home != slip.home_text:
            found = HomeReader(slip.street, [home]).read(home, around=slip.area)
            values |= {"home_text": home} | found._asdict()
        if phone and phone != slip.phone:
            slip.phone = phone
            values |= {"phone_sealed": slip.phone_sealed, "phone_digest": slip.phone_digest}
        slip.advance(Status.SENT, only_from=Status.ASKED, **values)
        add_slip_events([slip], FeedEvent.Type.SLIP_SENT)
    return slip


def correct_home(slip: Slip, *, home: Area, room: str = "", by: User) -> Slip:
    """Say which building group and room the address means; the secretary's choice is certain.

    ValidationError where the group is not the user's or is closed, Conflict where the slip does not wait.
    """
    if problem := wrong_with_room(room):
        raise ValidationError({"room": problem})
    with atomic_write():
        group = group_of(home, by, slip.street)
        slip = require_waiting(locked_for(slip, by))
        change(slip, area=community_of(group), home=group, room=fold_room(room), is_certain=True)
    return slip


def place(slip: Slip, community: Area, *, by: User) -> Slip:
    """Hand a slip to a community of its street, whose secretary goes on with it.

    ValidationError where it is no open community of the street, Conflict where the slip does not wait.
    """
    with atomic_write():
        open_ones = Area.objects.current().filter(level=Area.Level.COMMUNITY, path__startswith=slip.street.path)
        if not open_ones.filter(pk=community.pk).exists():
            raise ValidationError({"community": NOT_HERE})
        Area.objects.lock_open(community)
        slip = require_waiting(locked_for(slip, by))
        if slip.area_id != community.pk:
            change(slip, area=community, home=None, room="", is_certain=False)
    return slip


def reveal_phone(slip: Slip) -> str:
    """Record the access and return the phone in full."""
    with atomic_write():
        record("reveal", slip)
    return slip.phone


def locked(slip: Slip) -> Slip:
    """Return the slip as stored, locked until the transaction ends."""
    return Slip.objects.with_facts().locked().get(pk=slip.pk)


def locked_for(slip: Slip, user: User) -> Slip:
    """Return the slip as stored, locked; Conflict where it is not the user's any more."""
    found = Slip.objects.for_user(user, Right.WRITE).with_facts().locked().filter(pk=slip.pk).first()
    if found is None:
        raise Conflict(NOT_YOURS)
    return found


def require_waiting(slip: Slip) -> Slip:
    """Return a locked slip; Conflict where nothing waits on it any more."""
    if slip.status not in WAITING:
        raise Conflict(NOT_NOW.format(slip.get_status_display()))
    return slip


def change(slip: Slip, **values: Any) -> None:
    """Save these values of a locked slip whose status stays."""
    for name, value in values.items():
        setattr(slip, name, value)
    slip.save(update_fields=list(values))


def sentence(text: str, *, field: str = "text") -> str:
    """Return a sentence as it is kept; ValidationError where it is too long or cannot be read."""
    try:
        return read_text("wishes", text)
    except Unreadable as problem:
        raise ValidationError({field: TOO_LONG if len(text) > 200 else f"{problem}。"}) from problem


def _field(name: str, text: str) -> str:
    try:
        return read_text(name, text)
    except Unreadable as problem:
        raise ValidationError({name: f"{problem}。"}) from problem


def _is_answered(slip: Slip, text: str, home: str, phone: str) -> bool:
    """Whether this answer was given before."""
    is_same = slip.reply == text and home in ("", slip.home_text) and phone in ("", slip.phone)
    return slip.status == Status.SENT and bool(slip.asked_at) and is_same
