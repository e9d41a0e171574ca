"""Users and their posts. The acting user must be able to give all that the changed user's login opens."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError

from members.ground import access
from members.ground.access import PostKind, Resource, Right
from members.ground.atomic import atomic_write
from members.ground.first_password import FirstPassword
from members.ground.rows import locked, save_with
from members.models import Area, AreaRole, User
from members.models.users import HIGHER

USER_GONE = "这位用户刚刚去掉了，没有保存。请回到名单看看。"
STREET_GONE = "有的街道刚刚停用了，没有保存。请刷新页面，重新选择。"
STREET_THERE = "数据库里已经有街道了。"
NOT_YOURS = "只能安排或改动自己权限范围以内的岗位，没有保存。"


def add_user(made: FirstPassword, **values: Any) -> User:
    """Add a user with this first password, made before the transaction; `set_post` gives the posts."""
    with atomic_write():
        user = User(**values)
        user.set_first_password(made)
        user.full_clean()
        user.save()
    return user


def open_street(street_name: str, made: FirstPassword, **values: Any) -> User:
    """Add an installation's first street with the first user of its office; ValidationError where there is a street."""
    with atomic_write():
        street = Area(name=street_name).place(under=None)
        if Area.objects.streets().exclude(pk=street.pk).exists():
            raise ValidationError(STREET_THERE)
        user = add_user(made, **values)
        post = AreaRole(user=user, area=street, kind=PostKind.STREET)
        post.full_clean()
        post.save()
    return user


class NewLogin(NamedTuple):
    """A user to add, with a first password made before the transaction, and the post."""

    name: str
    username: str
    made: FirstPassword
    kind: str
    area: Area


def add_logins(wanted: Iterable[NewLogin], *, by: User) -> list[User]:
    """Add users with a post each, all or none; PermissionDenied where the acting user could not give one of them."""
    added = []
    with atomic_write():
        for each in wanted:
            Area.objects.lock_open(each.area)
            user = add_user(each.made, name=each.name, username=each.username)
            set_post(AreaRole(user=user, area=each.area, kind=each.kind), by=by)
            added.append(user)
    return added


def change_user(user: User, *, by: User, **values: Any) -> User:
    """Change a user's name, login name, member record or access; values that are not named stay as stored."""
    with atomic_write():
        return save_with(lock_given(user.pk, by=by), values)


def lock_given(pk: int, *, by: User) -> User:
    """Lock a user until the transaction ends; PermissionDenied where `by` could not give all that their login opens.

    ValidationError where the user is gone.
    """
    user = locked(User.objects.all(), pk, gone=USER_GONE)
    require_given(user, by=by)
    return user


def require_given(user: User, *, by: User) -> None:
    """Raise PermissionDenied where `by` could not give all that the user's login opens."""
    if not User.objects.for_user(by, Right.WRITE).filter(pk=user.pk).exists():
        raise PermissionDenied(HIGHER if user != by else "自己的密码请在“修改密码”里换；别的请上级办理。")


def require_giver(user: User) -> None:
    """Raise PermissionDenied for who may give no post to anybody."""
    if not access.can(user, Resource.POST, Right.WRITE):
        raise PermissionDenied


def set_post(role: AreaRole, *, by: User) -> AreaRole:
    """Give or change a post; PermissionDenied where the acting user could not give it as it was, or as it becomes."""
    with atomic_write():
        list(User.objects.select_for_update(no_key=True).filter(pk=role.user_id).values_list("pk"))
        if role.pk:
            _require_given(role, by)
        role.full_clean()
        role.save()
        _require_given(role, by)
    return role


def set_above(pk: int, streets: Collection[int], *, by: User) -> list[AreaRole]:
    """Give a user the district's post in each of these streets (ids) that they do not hold yet; return the new posts.

    PermissionDenied where `by` may not give it, ValidationError where a street is closed or gone.
    """
    if PostKind.DISTRICT not in access.grantable(by):
        raise PermissionDenied(NOT_YOURS)
    with atomic_write():
        user = lock_given(pk, by=by)
        held = set(user.roles.lasting().filter(kind=PostKind.DISTRICT).values_list("area", flat=True))
        offered = Area.objects.for_user(by, Right.WRITE, resource=Resource.POST).streets().current()
        chosen = list(offered.filter(pk__in=set(streets) - held))
        if len(chosen) < len(set(streets) - held):
            raise ValidationError({"streets": STREET_GONE})
        posts = [AreaRole(user=user, area=street, kind=PostKind.DISTRICT) for street in chosen]
        return [set_post(post, by=by) for post in posts]


def _require_given(role: AreaRole, by: User) -> None:
    if not AreaRole.objects.for_user(by, Right.WRITE).filter(pk=role.pk).exists():
        raise PermissionDenied(NOT_YOURS)
