"""Access of units, given by the street office: keys for systems and logins for contacts."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils import timezone
from unfold.decorators import action

from feedback.forms.units import ContactForm, KeyForm
from feedback.models import Contact, EmployerKey, Scope
from feedback.rules import admitting
from members.admin.base import ScopedAdmin
from members.ground.access import Resource, Right
from members.ground.first_password import first_password
from members.models import Area
from members.web import handover

SCOPES = dict(Scope.choices)


def use_of(given):
    """Return what a key or webhook is for, as the lists say it."""
    return "测试" if given.is_test else "正式"


class UnitAdmin(ScopedAdmin):
    """Base of the admins of what a street gives a unit."""

    resource = Resource.KEY
    list_before_template = "feedback/unit_access.html"
    autocomplete_fields = ["employer"]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name != "street":
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        streets = Area.objects.for_user(request.user, Right.WRITE, resource=Resource.KEY)
        kwargs["queryset"] = streets.filter(level=Area.Level.STREET).current()
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if len(field.queryset) == 1:  # the only choice is preselected
            field.empty_label = None
        return field

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Turn a rule's ValidationError, raised under its lock after a valid form, into a message on a new form."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as error:
            messages.error(request, "".join(error.messages))
            return redirect(request.path)

    def has_manage_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.WRITE, object_id)


class GivenAdmin(UnitAdmin):
    """Base of the admins of rows that are added and ended, but not changed."""

    add_fields: tuple[str, ...]

    def get_fields(self, request, obj=None):
        return self.fields if obj else self.add_fields

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = self.form
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request, obj=None):
        return self.fields if obj else ()

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(EmployerKey)
class EmployerKeyAdmin(GivenAdmin):
    form = KeyForm
    list_display = ("employer", "label", "use", "prefix", "allowed", "expires_at", "last_used_at", "state")
    list_select_related = ("employer", "street")
    search_fields = ("employer__name__contains", "label__contains", "prefix__startswith")
    search_help_text = "单位、用途或前缀"
    linked_by = ("employer",)
    actions_detail = ["rotate", "revoke"]
    add_fields = ("employer", "street", "label", "is_test", "scopes", "addresses", "life")
    fields = (
        "employer", "street", "label", "use", "prefix", "allowed", "addresses", "created_at", "expires_at",
        "last_used_at", "revoked_at",
    )  # fmt: skip

    def save_model(self, request, obj, form, change):
        key, text = admitting.give_key(**form.cleaned_data)
        obj.pk, obj.prefix, obj.expires_at = key.pk, key.prefix, key.expires_at
        messages.warning(request, f"密钥：{text}（只显示这一次，请马上交给单位的系统管理员，不要用微信群转发）。")

    @action(description="更换", icon="autorenew", permissions=["manage"])
    def rotate(self, request, object_id):
        return redirect("feedback:key_rotate", object_id)

    @action(description="停用", icon="block", permissions=["manage"])
    def revoke(self, request, object_id):
        return redirect("feedback:key_revoke", object_id)

    @admin.display(description="用来", ordering="practice")
    def use(self, key):
        return use_of(key)

    @admin.display(description="权限")
    def allowed(self, key):
        return "、".join(SCOPES.get(scope, scope) for scope in key.scopes)

    @admin.display(description="状态")
    def state(self, key):
        if key.revoked_at:
            return "已停用"
        return "可用" if key.expires_at > timezone.now() else "已到期"


@admin.register(Contact)
class ContactAdmin(GivenAdmin):
    form = ContactForm
    list_display = ("user", "username", "employer", "since", "until", "last_login")
    list_select_related = ("user", "employer", "street")
    search_fields = ("user__name__contains", "user__username__contains", "employer__name__contains")
    search_help_text = "姓名、登录名或单位"
    linked_by = ("employer",)
    actions_detail = ["reset_password", "end"]
    add_fields = ("employer", "street", "name", "username")
    fields = ("user", "username", "employer", "street", "since", "until", "last_login")

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.acting = request.user
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Make a new user's password before the transaction: hashing takes long."""
        if request.method == "POST" and not object_id:
            request.first_password = first_password()
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        password = request.first_password
        contact, is_new = admitting.admit(**form.cleaned_data, password=password, by=request.user)
        obj.pk, obj.user = contact.pk, contact.user
        if is_new:
            said = f"“{obj.user}”的登录名是 {obj.user.username}，初始密码是 {password.text}"
            handover.tell(request, obj.user_id, said, password.text, back="admin:feedback_contact_changelist")

    @action(description="重设密码", icon="key", permissions=["manage"])
    def reset_password(self, request, object_id):
        return redirect("feedback:contact_reset", object_id)

    @action(description="结束", icon="logout", permissions=["manage"])
    def end(self, request, object_id):
        return redirect("feedback:contact_end", object_id)

    @admin.display(description="登录名", ordering="user__username")
    def username(self, contact):
        return contact.user.username

    @admin.display(description="最近登录", ordering="user__last_login")
    def last_login(self, contact):
        return contact.user.last_login
