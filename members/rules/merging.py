"""Merging two employers that are one unit. The one that goes keeps its row, for the cards and consents that name it.

Members, names, needs and offers move; keys, contacts and issued cards by choice. Each app moves its own rows: it
registers how in its `ready()`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from django.core.exceptions import PermissionDenied, ValidationError

from members.ground import access, audit
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.history import batches, write_history
from members.models import Area, Employer, EmployerName, Member, User
from members.rules.employing import UNIT_GONE, keep_name, streets_of

NOT_YOURS = "合并单位会改动各社区的党员，由街道办理；别的街道也在用的单位，请联系系统管理员合并。"
ITSELF = "请选择另一家单位：一家单位不能并入自己。"
MERGED = "这家单位刚刚已经并入别的单位，没有再合并。请回到名单看看。"
TWO_CODES = "两家单位的统一社会信用代码不同，登记的是两家单位。确是同一家的，请先改掉其中一个代码，再合并。"

Following = Callable[[Employer, Employer, bool], object]
_following: list[Following] = []


def goes_along(follow: Following) -> None:
    """Register what moves an app's rows from the first employer to the second, in the same transaction.

    The third argument says whether keys, contacts and issued cards go along.
    """
    if follow not in _following:
        _following.append(follow)


def may_merge(user: User, employers: Iterable[Employer]) -> bool:
    """Whether the user may merge these: the whole of every street that uses one of them is the user's to write."""
    if not access.can(user, Resource.EMPLOYER, Right.WRITE):
        return False
    paths = set().union(*streets_of([employer.pk for employer in employers]).values())
    return access.sets_up(user) or all(access.covers(user, Resource.MEMBER, path, Right.WRITE) for path in paths)


def merge(gone: Employer, *, into: Employer, by: User, with_access: bool = True) -> Employer:
    """Merge one employer into another, and return that one.

    `with_access` moves keys, contacts and webhooks too, and with them the issued cards, unchanged as they were printed.
    PermissionDenied where the user may not, ValidationError where the two cannot be one.
    """
    with atomic_write():
        _lock_streets()
        gone, into = _locked(gone, into)
        if not may_merge(by, [gone, into]):
            raise PermissionDenied(NOT_YOURS)
        if gone.credit_code and into.credit_code:
            raise ValidationError(TWO_CODES)
        code, gone.credit_code, gone.merged_into = gone.credit_code or into.credit_code, None, into
        gone.save()
        into.credit_code = code
        into.save()
        _move_members(gone, into)
        _move_names(gone, into)
        for follow in _following:
            follow(gone, into, with_access)
    return into


def _lock_streets() -> None:
    """Lock every street: no roster is written meanwhile that was planned with the employer that goes."""
    list(Area.objects.filter(level=Area.Level.STREET).order_by("path").select_for_update(no_key=True).values_list("pk"))


def _locked(gone: Employer, into: Employer) -> tuple[Employer, Employer]:
    if gone.pk == into.pk:
        raise ValidationError(ITSELF)
    rows = Employer.objects.filter(pk__in=(gone.pk, into.pk)).order_by("pk").select_for_update(no_key=True)
    found = {row.pk: row for row in rows}
    if len(found) < 2:
        raise ValidationError(UNIT_GONE)
    if any(row.merged_into_id for row in found.values()):
        raise ValidationError(MERGED)
    return found[gone.pk], found[into.pk]


def _move_members(gone: Employer, into: Employer) -> None:
    """Move the members, each with a history row; an entry in each street says who."""
    rows = Member.objects.filter(employer=gone).order_by("pk").select_for_update(of=("self",), no_key=True)
    by_street: dict[str, list[int]] = defaultdict(list)
    for pk, path in rows.values_list("pk", "street__path"):
        by_street[path].append(pk)
    for path, pks in sorted(by_street.items()):
        for batch in batches(pks):
            Member.objects.filter(pk__in=batch).update(employer=into)
        write_history(Member, pks, kind="~")
        audit.record("change", Member, path=path, changes={"employer_id": [gone.pk, into.pk], "members": pks})


def _move_names(gone: Employer, into: Employer) -> None:
    """Move every name, and keep that of the one that goes; what was merged into it is merged into the other."""
    known = set(EmployerName.objects.filter(employer=into, street=None).values_list("folded", flat=True))
    for name in EmployerName.objects.select_for_update(of=("self",), no_key=True).filter(employer=gone).order_by("pk"):
        if name.street_id is None and name.folded in known:
            name.delete()
        else:
            name.employer = into
            name.save()
    keep_name(into, gone.name)
    for earlier in Employer.objects.select_for_update(no_key=True).filter(merged_into=gone).order_by("pk"):
        earlier.merged_into = into
        earlier.save()
