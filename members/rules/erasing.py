"""Erasing a member's personal data: what names the person goes, what was counted stays (docs/design/privacy.md).

The member's row stays as a shell, with the homes and attendances that counts need. What goes from backups goes by the
journal: after a restore, whoever was erased since is erased again before anything is served.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, TextChoices
from django.utils import timezone

from members.ground import audit
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.history import batches
from members.ground.sealing import KeyLost, decrypt_text
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Member, Residence, User, journal
from members.models.people import MemberQuerySet
from members.models.shells import EMPTY

JOURNAL = "erasure"
NO_REASON = "请选删除的原因。"
NOT_YOURS = "删除个人信息由街道办理。"
GONE = "这位党员的个人信息已经删除了。"


class Why(TextChoices):
    """Why a member is erased."""

    REQUEST = "request", "本人要求删除"
    CONSENT = "consent", "本人撤回同意"
    MOVED = "moved", "迁出已满保留期限"


class KnownPerson(NamedTuple):
    """What is, and was, known of a member before they are erased, to find it in other rows.

    `doors` are the households (ids) in which nobody else of the members lives now.
    """

    member: Member
    names: set[str]
    phones: set[str]
    id_digests: set[str]
    doors: Sequence[int]

    @property
    def words(self) -> list[str]:
        """What tells of the person wherever it stands in a file or a reply."""
        return sorted(self.names | self.phones | self.id_digests)


class Part(NamedTuple):
    """What an app has of a member.

    `hindered` yields sentences on what is to be done first, `ends` what ends with the erasure, in words. `end` ends it;
    `empty` then removes what names the person, and returns the rows (ids, by model) of which the trail tells no more.
    """

    hindered: Callable[[Member], Iterable[str]]
    ends: Callable[[Member], Iterable[str]]
    end: Callable[[KnownPerson], None]
    empty: Callable[[KnownPerson], Mapping[type[Any], Iterable[int]]]


_parts: list[Part] = []


def goes_along(part: Part) -> None:
    """Register what an app has of a member; what rests on another's is registered after it."""
    if part not in _parts:
        _parts.append(part)


def erasable(user: Any) -> MemberQuerySet:
    """Return the members whom the user may erase: those of the street whose office the user is."""
    return Member.objects.for_user(user, Right.WRITE, resource=Resource.ERASURE)


def hindrances(member: Member) -> list[str]:
    """Return what is to be done before the member can be erased, in sentences."""
    return [sentence for part in _parts for sentence in part.hindered(member)]


def endings(member: Member) -> list[str]:
    """Return what ends when the member is erased, in words."""
    return [words for part in _parts for words in part.ends(member)]


def erase(member: Member, *, why: str, by: User) -> None:
    """Erase a member for one of the reasons `Why`.

    PermissionDenied where the user may not, ValidationError without a reason, Conflict where something is to be done
    first, or where the member is erased already.
    """
    if why not in Why.values:
        raise ValidationError({"why": NO_REASON})
    if not erasable(by).filter(pk=member.pk).exists():
        raise PermissionDenied(NOT_YOURS)
    with atomic_write():
        now = _locked(member)
        if sentences := hindrances(now):
            raise Conflict("".join(sentences))
        _erase(now, why)


def erase_again(tokens: Sequence[str]) -> int:
    """Erase again the members of these journal tokens whom a restored backup knows; return how many they are."""
    forgotten = [row for part in batches(tokens) for row in Member.objects.filter(token__in=part).order_by("pk")]
    for member in forgotten:
        with atomic_write(), suppress(Conflict):  # another process applies the same journal
            _erase(_locked(member), "")
    return len(forgotten)


def expired() -> MemberQuerySet:
    """Return the members who moved away longer ago than their data is kept (`RETENTION["moved_away"]` days)."""
    limit = timezone.localdate() - timedelta(days=settings.RETENTION["moved_away"])
    homes = Residence.objects.filter(member=OuterRef("pk"))
    since = homes.exclude(until__lte=limit)
    rows: MemberQuerySet = Member.objects.filter(Exists(homes), ~Exists(since))
    return rows


def erase_expired() -> int:
    """Erase the members whose time is over, each by itself; return how many. One who is hindered waits."""
    return sum(_erased_in_time(member) for member in expired().order_by("pk"))


def _erased_in_time(member: Member) -> bool:
    try:
        with atomic_write():
            now = _locked(member)
            if hindrances(now) or not expired().filter(pk=now.pk).exists():
                return False
            _erase(now, Why.MOVED)
    except Conflict:
        return False
    return True


def _locked(member: Member) -> Member:
    """Lock the street, then the member; Conflict where the member is erased already."""
    Area.objects.lock_street(member.street)
    rows = Member.objects.select_related("street").select_for_update(no_key=True, of=("self",))
    now: Member | None = rows.filter(pk=member.pk).first()
    if now is None:
        raise Conflict(GONE)
    return now


def _erase(member: Member, why: str) -> None:
    """Erase a locked member in the caller's transaction."""
    known = what_is_known(member)
    for part in _parts:
        part.end(known)
    told = [(model, list(pks)) for part in _parts for model, pks in part.empty(known).items()]
    Member.with_erased.filter(pk=member.pk).update(erased_at=timezone.now(), **EMPTY)
    counts = {"entries": sum(_redacted(model, pks) for model, pks in told)}
    reason = {"why": why} if why else {}
    audit.record("erase", Member(pk=member.pk, street=member.street), path=member.street.path, changes=reason | counts)
    journal.note(JOURNAL, member.token)


def _redacted(model: type[Any], pks: Sequence[int]) -> int:
    """Empty the trail's entries about these rows; return how many."""
    texts = [str(pk) for pk in pks]
    entries = AuditEntry.objects.filter(model=model._meta.label)
    return sum(entries.filter(row__in=part).redact() for part in batches(texts))


def what_is_known(member: Member) -> KnownPerson:
    """Return what is known of the member, and was before it was corrected."""
    states = Member.history.filter(id=member.pk).order_by().values_list("name", "phone_sealed", "id_digest")
    names, sealed, digests = zip((member.name, member.phone_sealed, member.id_digest), *states.distinct(), strict=True)
    phones = set(map(_opened, sealed))
    return KnownPerson(member, set(names), phones - {""}, set(digests) - {""}, doors_of(member))


def _opened(sealed: str) -> str:
    try:
        return decrypt_text(sealed)
    except KeyLost:
        return ""


def doors_of(member: Member) -> list[int]:
    """Return the households (ids) behind whose door this member lives now, and no other member does."""
    return [door for home in member.residences.filter(until=None) for door in _doors_of(home)]


def _doors_of(home: Residence) -> Iterator[int]:
    here = Residence.objects.current().filter(area=home.area_id, room=home.room)
    if home.room and not here.exclude(member=home.member_id).exists():
        yield from home.area.households.filter(room=home.room).values_list("pk", flat=True)
