"""Users, their posts and their tokens."""

from datetime import timedelta
from typing import Any, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property

from members.ground import access, openings
from members.ground.access import PostKind, Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import Audited
from members.ground.dated import DatedQuerySet, ends_after_it_begins
from members.ground.first_password import VALID_FOR, FirstPassword, first_password
from members.ground.keys import AccessKey, KeyQuerySet
from members.models.areas import SEGMENT, Area

DISTRICT_ABOVE_STREETS = "区级岗位只能设在街道。"
HIGHER = "这位用户还有您范围以外的岗位或单位，不能由您改动。请联系安排那个岗位的街道办理。"


class UserQuerySet(models.QuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Users with a post in the scope; for writing, only those `within_gift_of` the user."""
        if access.sets_up(user):
            return self if right < Right.WRITE else self.within_gift_of(user)
        known = AreaRole.objects.for_user(user, right).order_by().values("user")
        if right < Right.WRITE:
            own = User.objects.filter(pk=user.pk).order_by().values("pk")
            # One list: for two conditions joined by "or" the database looks through the users of all streets.
            return self.filter(Q(is_superuser=False) | Q(pk=user.pk), pk__in=known.union(own))
        return self.filter(pk__in=known).within_gift_of(user)

    def within_gift_of(self, user: Any) -> Self:
        """Other users whose login opens nothing, now or later, that the user could not give.

        Otherwise a user who may reset passwords could take over a higher post or an employer's inbox.
        """
        posts = AreaRole.objects.filter(user=OuterRef("pk")).lasting()
        higher = posts.exclude(pk__in=AreaRole.objects.for_user(user, Right.WRITE))
        users = self.exclude(Exists(higher)).exclude(pk=user.pk)
        for more in openings.beyond(user):
            users = users.exclude(pk__in=more)
        return users if access.sets_up(user) else users.filter(is_superuser=False)


class LouzuUserManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password, is_superuser=True, **fields)


class User(AbstractUser, Audited):
    """A person who logs in; their rights come from their posts alone."""

    first_name = last_name = email = date_joined = None  # type: ignore[assignment]
    EMAIL_FIELD = ""
    REQUIRED_FIELDS = ["name"]

    username = models.CharField(
        "登录名",
        max_length=150,
        unique=True,
        validators=[AbstractUser.username_validator],
        help_text="用于登录，可用汉字、字母、数字。",
        error_messages={"unique": "这个登录名已有人使用，请换一个。"},
    )
    name = models.CharField("姓名", max_length=30)
    member = models.OneToOneField(
        "members.Member",
        on_delete=models.SET_NULL,  # the login outlives the person's record; only the link goes
        null=True,
        blank=True,
        verbose_name="本人的党员资料",
        related_name="user",
        help_text="楼组党小组长等本身也是党员的，选上本人，便于统计。",
    )
    is_active = models.BooleanField("可以登录", default=True, help_text="离任后去掉这个勾，不要删除。")
    must_change_password = models.BooleanField("下次登录须改密码", default=True)
    first_password_until = models.DateTimeField("初始密码有效到", null=True, editable=False)
    login_round = models.PositiveIntegerField("登录轮次", default=0, editable=False)

    objects = LouzuUserManager()  # type: ignore[misc]

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    get_short_name = get_full_name

    @property
    def is_staff(self) -> bool:  # type: ignore[override]
        """Whether the user may open the staff pages: active, and with a current post or as the superuser."""
        return self.is_active and (self.is_superuser or bool(access.posts_of(self)))

    @is_staff.setter
    def is_staff(self, value: bool) -> None:
        """Ignore the value: posts decide, but Django's own helpers set it."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new password or a deactivation ends the user's sessions and revokes the tokens."""
        known = not self._state.adding
        has_new_password = known and self._password is not None
        if leaves := known and getattr(self, "_loaded", {}).get("is_active") and not self.is_active:
            self._next_round(kwargs)
        with atomic_write():
            super().save(*args, **kwargs)
            if has_new_password or leaves:
                self.tokens.revoke()

    @property
    def is_first_password_over(self) -> bool:
        """Whether the password is a first one that was given too long ago to log in with."""
        until = self.first_password_until
        return self.must_change_password and until is not None and until <= timezone.now()

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.must_change_password, self.first_password_until = False, None

    def end_logins(self) -> None:
        """End all sessions and tokens of the user; the caller leaves the audit entry."""
        with atomic_write():
            User.objects.filter(pk=self.pk).update(login_round=F("login_round") + 1)
            self.refresh_from_db(fields=["login_round"])
            self.tokens.revoke()

    def _next_round(self, kwargs: dict) -> None:
        self.login_round += 1
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "login_round"}

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """Return the hash that keeps a session valid: it changes with the password and with the login round."""
        of_password = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.login_round:
            return of_password
        return salted_hmac("louzu.login_round", f"{self.login_round}.{of_password}", secret=secret).hexdigest()

    def set_first_password(self, made: FirstPassword | None = None) -> str:
        """Set a random password that must be changed at a first login before long, and return it; the caller saves.

        Hashing takes long, so a caller within a transaction passes one that was made before it.
        """
        made = made or first_password()
        self.password, self._password, self.must_change_password = made.hashed, made.text, True
        self.first_password_until = timezone.now() + VALID_FOR
        return made.text

    def audit_path(self) -> str:
        return self.audit_paths()[0]

    def audit_paths(self) -> list[str]:
        """Return one path in each street where the user works, by a post or otherwise; else where they last worked.

        A street's trail does not show what its former user does for another street.
        """
        posts = list(self.roles.order_by("since").values_list("area__path", "until"))
        today = timezone.localdate()
        current = [path for path, until in posts if until is None or until >= today]
        now = [*current, *openings.paths_of(self)]
        paths = sorted(now or [*(path for path, _ in posts[-1:]), *openings.former_paths_of(self)], reverse=True)
        return sorted({path[:SEGMENT]: path for path in paths}.values()) or [""]

    @cached_property
    def demo_streets(self) -> set[str]:
        """The paths of the demonstration streets where the user works, or, without a post, has an inbox.

        Read once a request.
        """
        paths = {path[:SEGMENT] for _, path in access.posts_of(self)} or openings.paths_of(self)
        # Asked without the paths: such streets are few, where a district's user works in a hundred.
        demo = Area.objects.streets().filter(is_demo=True).order_by()
        return paths.intersection(demo.values_list("path", flat=True)) if paths else set()


class AreaRoleQuerySet(DatedQuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """Posts in the scope; for writing, only of the kinds that the user may give."""
        rows = self.filter(access.within("area__path", access.reach(user, Resource.POST, right)))
        return rows.filter(kind__in=access.grantable(user)) if right >= Right.WRITE else rows


class AreaRole(Audited):
    """A user's post in an area for a time."""

    LEVELS = {
        PostKind.STREET: Area.Level.STREET,
        PostKind.SECRETARY: Area.Level.COMMUNITY,
        PostKind.LIAISON: Area.Level.STATION,
        PostKind.LEADER: Area.Level.BUILDING_GROUP,
        PostKind.DISTRICT: Area.Level.STREET,
    }

    user = models.ForeignKey(User, on_delete=models.CASCADE, verbose_name="用户", related_name="roles")
    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # an area with posts is closed, not deleted
        verbose_name="区域",
        related_name="roles",
    )
    kind = models.CharField("岗位", max_length=20, choices=PostKind.choices)
    since = models.DateField("任职日期", default=timezone.localdate)
    until = models.DateField("离任日期", null=True, blank=True, help_text="还在任就不填。")

    objects = AreaRoleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        ordering = ["area__path", "kind", "since"]
        constraints = [
            ends_after_it_begins("role_ends_after_it_begins"),
            models.UniqueConstraint(
                fields=["user", "area", "kind"],
                condition=Q(until=None),
                name="role_held_once",
                violation_error_message="这位用户在该区域已经有同样的岗位。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.get_kind_display()}"

    def clean(self) -> None:
        level = self.LEVELS.get(PostKind(self.kind)) if self.kind in PostKind.values else None
        if self.area_id and level and self.area.level != level:
            sentence = f"{self.get_kind_display()}的区域要选{level.label}。"
            raise ValidationError({"area": DISTRICT_ABOVE_STREETS if self.kind == PostKind.DISTRICT else sentence})

    def audit_paths(self) -> list[str]:
        """Return the area's path and, for a post that moves to another street, the path of the area it leaves."""
        left = getattr(self, "_loaded", {}).get("area_id", self.area_id)
        if left == self.area_id:
            return [self.area.path]
        before = Area.objects.filter(pk=left).values_list("path", flat=True)
        return [self.area.path, *(path for path in before if path[:SEGMENT] != self.area.street_path)]


class StaffTokenQuerySet(KeyQuerySet):
    def for_user(self, user: Any, right: Right = Right.READ) -> Self:
        """The user's own tokens, and those of a street's users for its office, to be seen and revoked."""
        there = access.within("area__path", access.reach(user, Resource.KEY, right))
        owners = AreaRole.objects.lasting().filter(there).values("user")
        return self.filter(Q(user=user) | Q(user__in=owners, user__is_superuser=False))

    def revoke(self) -> None:
        """Revoke the tokens that are not revoked yet; each leaves its own audit entry."""
        for token in self.filter(revoked_at=None).select_related("user"):
            token.revoke()  # type: ignore[attr-defined]

    def live(self) -> Self:
        return super().live().filter(user__is_active=True)


class StaffToken(AccessKey):
    """A user's token for the API, with the rights of the user's posts."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, verbose_name="用户", related_name="tokens")

    objects = StaffTokenQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "接口密钥"
        ordering = ["-created_at"]

    @classmethod
    def issue(cls, user: User, *, label: str, life: timedelta = AccessKey.LIFE) -> tuple["StaffToken", str]:
        """Make a token; return it with its text, which cannot be read again."""
        return cls.make(user=user, label=label, life=life)

    def audit_path(self) -> str:
        return self.user.audit_path()

    def audit_paths(self) -> list[str]:
        return self.user.audit_paths()
