from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.shortcuts import redirect
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from members.admin.base import ScopedAdmin, ScopedInline, changed, stand_for
from members.ground import access
from members.ground.access import PostKind, Resource, Right
from members.ground.first_password import first_password
from members.models import Area, AreaRole, Member, User
from members.models.users import HIGHER
from members.rules import appointing
from members.web import handover


class AreaRoleInline(ScopedInline):
    """A user's posts, with only the kinds and areas to choose from that the acting user may give."""

    model = AreaRole
    fields = ("kind", "area", "since", "until")
    resource = Resource.POST
    autocomplete_fields = ["area"]
    verbose_name_plural = "岗位（至少一个）"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("area")

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, min_num=0 if obj else 1, validate_min=not obj, **kwargs)
        formset.default_error_messages = formset.default_error_messages | {"too_few_forms": "请至少填一个岗位。"}
        kinds = access.grantable(request.user)
        field = formset.form.base_fields.get("kind")
        if field:
            field.choices = [("", "请选择"), *(choice for choice in PostKind.choices if choice[0] in kinds)]
        return formset

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "area":
            kwargs["queryset"] = Area.objects.for_user(request.user, Right.WRITE, resource=Resource.POST)
            kwargs["error_messages"] = {"invalid_choice": "这个区域不归您安排岗位：联络员选小区，楼组长选楼组。"}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class UserAdmin(ScopedAdmin):
    unit = "人"  # what the total below the list counts
    resource = Resource.POST
    inlines = [AreaRoleInline]
    autocomplete_fields = ["member"]
    list_display = ("name", "username", "posts", "is_active", "last_login")
    list_filter = ("is_active",)
    search_fields = ("name__contains", "username__contains")
    search_help_text = "输入姓名或登录名查找"
    actions_detail = ["choose_streets", "reset_password", "unlock", "reset_second_factor"]
    actions_list = ["add_many"]
    fields = ("name", "username", "member", "is_active")

    def get_queryset(self, request):
        """Return the users with the posts that the reader may see: a user may work in another street as well."""
        known = AreaRole.objects.for_user(request.user).select_related("area")
        return super().get_queryset(request).prefetch_related(Prefetch("roles", queryset=known))

    def get_fields(self, request, obj=None):
        """Return the fields, without the member record for readers who may not see that member; saving keeps it."""
        names = [name for name in self.fields if name != "member" or self._knows_member(request, obj)]
        return names if obj else [name for name in names if name != "is_active"]

    @staticmethod
    def _knows_member(request, user):
        if user is None or user.member_id is None:
            return access.can(request.user, Resource.MEMBER)
        return Member.objects.for_user(request.user).filter(pk=user.member_id).exists()

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "member":
            kwargs["queryset"] = Member.objects.for_user(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Refuse a forbidden change with its reason; make a new user's password before the transaction."""
        if request.method == "POST" and not object_id:
            request.first_password = first_password()
        if object_id and request.method == "POST":
            user = self.get_object(request, object_id)
            if user and self.may(request, Right.WRITE) and not self.has_change_permission(request, user):
                raise PermissionDenied(HIGHER)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        if change:
            appointing.change_user(obj, by=request.user, **changed(form))
        else:
            stand_for(obj, appointing.add_user(request.first_password, **form.cleaned_data))
            password = request.first_password.text
            said = f"“{obj}”的登录名是 {obj.username}，初始密码是 {password}"
            handover.tell(request, obj.pk, said, password)

    def save_formset(self, request, form, formset, change):
        """Save each post by its rule; none is deleted."""
        for role in formset.save(commit=False):
            appointing.set_post(role, by=request.user)

    def has_manage_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.WRITE, object_id)

    def has_many_permission(self, request):
        return self.may(request, Right.WRITE)

    @action(description="从表格开通", icon="group_add", permissions=["many"])
    def add_many(self, request):
        return redirect("members:logins")

    def has_district_permission(self, request, object_id=None):
        may_give = PostKind.DISTRICT in access.grantable(request.user)
        return may_give and self.has_manage_permission(request, object_id)

    @action(description="区级：选街道", icon="map", permissions=["district"])
    def choose_streets(self, request, object_id):
        return redirect("members:user_streets", object_id)

    @action(description="重设密码", icon="key", permissions=["manage"])
    def reset_password(self, request, object_id):
        return redirect("members:reset_password", object_id)

    @action(description="解除登录锁定", icon="lock_open", permissions=["manage"])
    def unlock(self, request, object_id):
        return redirect("members:unlock", object_id)

    @action(description="重设验证器", icon="phonelink_lock", permissions=["manage"])
    def reset_second_factor(self, request, object_id):
        return redirect("members:reset_second_factor", object_id)

    @admin.display(description="岗位")
    def posts(self, user):
        today = timezone.localdate()
        return "、".join(str(role) for role in user.roles.all() if role.until is None or role.until > today) or "无"


@admin.register(AreaRole)
class AreaRoleAdmin(ScopedAdmin):
    resource = Resource.POST
    list_display = ("user", "kind", "area", "since", "until")
    list_select_related = ("user", "area")
    list_filter = (("kind", ChoicesDropdownFilter),)
    search_fields = ("user__name__contains", "area__label__contains")
    search_help_text = "输入姓名或区域查找"

    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission

    def get_list_display_links(self, request, list_display):
        return None
