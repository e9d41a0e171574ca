from django.contrib import admin
from django.shortcuts import redirect
from django.urls import reverse
from import_export.fields import Field
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.views import ChangeList

from members.admin.base import ExportableAdmin, HistoryAdmin, PlainResource, ScopedInline, stand_for
from members.admin.filters import JoinedFilter, LivingFilter, MemberPlaceFilter
from members.forms.people import MemberForm, NewMemberForm
from members.ground.access import Resource, Right
from members.ground.names import fold_name
from members.models import Area, Duty, Member, Residence
from members.rules import erasing, moving, registering
from members.rules.finding import name_lookups
from members.web.widgets import Autocomplete


class MemberResource(PlainResource):
    """An export with the roster's own headings, so that it can be uploaded again."""

    name = Field("name", column_name="姓名")
    sex = Field("get_sex_display", column_name="性别")
    birth_date = Field("birth_date", column_name="出生年月")
    phone = Field("phone", column_name="联系电话")
    standing = Field("get_standing_display", column_name="党员类别")
    party_since = Field("party_since", column_name="入党时间")
    affiliation = Field("get_affiliation_display", column_name="在职/在册")
    employer = Field("employer__name", column_name="工作单位")
    credit_code = Field("employer__credit_code", column_name="统一社会信用代码")
    rank = Field("get_rank_display", column_name="职务层次")
    community = Field(column_name="社区")
    station = Field(column_name="小区")
    group = Field(column_name="楼组")
    room = Field("home_room", column_name="室号")
    joined = Field("home_joined_on", column_name="参加楼组党小组")
    skills = Field("skills", column_name="特长")
    remark = Field("remark", column_name="备注")

    class Meta:
        model = Member
        name = "党员花名册"
        fields = (
            "name", "sex", "birth_date", "phone", "standing", "party_since", "affiliation", "employer", "credit_code",
            "rank", "community", "station", "group", "room", "joined", "skills", "remark",
        )  # fmt: skip

    def dehydrate_community(self, member):
        return _part(member, 0)

    def dehydrate_station(self, member):
        return _part(member, 1)

    def dehydrate_group(self, member):
        return _part(member, 2)

    def dehydrate_joined(self, member):
        return member.home_joined_on or "否"


def _part(member: Member, index: int) -> str:
    parts = (getattr(member, "home_label", None) or "").split(" ", 2)
    return parts[index] if index < len(parts) else ""


class ResidenceInline(ScopedInline):
    """Homes to look at and correct; moving house has a page of its own."""

    model = Residence
    resource = Resource.MEMBER
    fields = ("area", "room", "since", "until", "joined_on")
    readonly_fields = ("area",)
    verbose_name_plural = "居住经历"

    def has_add_permission(self, request, obj=None):
        return False


class DutyInline(ScopedInline):
    model = Duty
    resource = Resource.MEMBER
    fields = ("kind", "since", "until")


class MemberList(ChangeList):
    """The list of members; a name opens the member's page, from which the form is one click away."""

    def url_for_result(self, result):
        return reverse("person", args=[result.pk])


@admin.register(Member)
class MemberAdmin(HistoryAdmin, ExportableAdmin):
    """Members to list, register and correct; whoever saves one comes to the member's page."""

    unit = "人"
    resource = Resource.MEMBER
    resource_classes = [MemberResource]
    form = MemberForm
    inlines = [ResidenceInline, DutyInline]
    autocomplete_fields = ["employer"]
    list_display = ("name", "sex", "affiliation", "place", "masked_phone", "employer", "rank", "joined_on")
    list_select_related = ("employer",)
    list_filter = (
        MemberPlaceFilter,
        ("affiliation", ChoicesDropdownFilter),
        JoinedFilter,
        ("standing", ChoicesDropdownFilter),
        ("rank", ChoicesDropdownFilter),
        LivingFilter,
    )
    search_fields = name_lookups()
    search_help_text = "姓名、拼音、首字母或手机号"
    change_form_outer_before_template = "members/move_undo.html"
    actions_detail = ["reveal", "move", "leave", "consents", "pairings", "erase"]
    show_full_result_count = False
    linked_by = ("employer",)
    fieldsets = (
        (None, {"fields": (("name", "sex"), ("birth_date", "id_number"), "phone_number")}),
        (
            "组织关系",
            {"fields": (("affiliation", "standing"), ("employer", "employer_number"), ("rank", "party_since"))},
        ),
        ("其他", {"fields": ("skills", "remark")}),
    )
    read_fieldsets = ((None, {"fields": (("name", "sex"), "birth_date", "masked_phone")}), *fieldsets[1:])
    add_fieldsets = (*fieldsets, ("现住址", {"fields": ("address", ("home", "room"), "joined_on")}))

    def get_changelist(self, request, **kwargs):
        return MemberList

    def get_queryset(self, request):
        return super().get_queryset(request).with_home()

    def get_export_queryset(self, request):
        """Return the members with a home, as a roster names homes, unless the list shows those who moved away."""
        rows = super().get_export_queryset(request)
        return rows if request.GET.get("living") == "away" else rows.filter(home_label__isnull=False)

    def get_fieldsets(self, request, obj=None):
        if obj and not self.has_change_permission(request, obj):
            return self.read_fieldsets
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request, obj=None):
        return ("masked_phone",) if obj and not self.has_change_permission(request, obj) else ()

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        form = super().get_form(request, obj, change=change, form=NewMemberForm, **kwargs)
        form.user = request.user
        home = form.base_fields["home"]
        homes = Area.objects.for_user(request.user, Right.WRITE, resource=Resource.MEMBER)
        home.queryset = homes.filter(level=Area.Level.BUILDING_GROUP).current()
        home.widget = Autocomplete(Residence._meta.get_field("area"), self.admin_site)
        home.widget.choices = home.choices
        return form

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        """Show the way back of a member's last move above the form."""
        context["move"] = moving.undoable_of(obj, by=request.user) if obj else None
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request, obj, form, change):
        if change:
            registering.revise(obj, **form.new_values)
        else:
            stand_for(obj, registering.register(**form.new_values))

    def response_post_save_add(self, request, obj):
        return redirect("person", obj.pk)

    response_post_save_change = response_post_save_add

    def save_formset(self, request, form, formset, change):
        """Save homes and duties, each by its rule; only duties are added, and none is deleted."""
        formset.save(commit=False)
        for home, names in formset.changed_objects if formset.model is Residence else ():
            registering.correct_home(home, **{name: getattr(home, name) for name in names})
        if formset.model is Duty:
            for duty in [*formset.new_objects, *(duty for duty, _ in formset.changed_objects)]:
                registering.set_duty(duty)

    def get_search_results(self, request, queryset, search_term):
        term = fold_name(search_term).strip()
        digits = term.replace(" ", "").replace("-", "")
        # By this search a masked number could be guessed, so it is for users who may see the full one.
        if digits.isdecimal() and len(digits) == 11 and self.may(request, Right.REVEAL):
            return queryset.with_phone(digits), False
        return super().get_search_results(request, queryset, term.lower())

    def has_reveal_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.REVEAL, object_id)

    def has_look_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.READ, object_id)

    def has_rehome_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.WRITE, object_id)

    def has_erase_permission(self, request, object_id=None):
        return (
            self.may_by_id(request, Right.WRITE, object_id)
            and erasing.erasable(request.user).filter(pk=object_id).exists()
        )

    @action(description="查看完整电话", icon="call", permissions=["reveal"])
    def reveal(self, request, object_id):
        return redirect("members:phone", object_id)

    @action(description="办理迁居", icon="home", permissions=["rehome"])
    def move(self, request, object_id):
        return redirect("members:move", object_id)

    @action(description="办理迁出", icon="logout", permissions=["rehome"])
    def leave(self, request, object_id):
        return redirect("members:leave", object_id)

    @action(description="楼道公示", icon="how_to_reg", permissions=["look"])
    def consents(self, request, object_id):
        """Open the page of the building, where the answers of its members are shown and recorded."""
        home = self.get_object(request, object_id).home
        return redirect(f"{reverse('members:consents')}?area={home.area_id}")

    @action(description="结对", icon="handshake", permissions=["look"])
    def pairings(self, request, object_id):
        """Open the grid of the building where the member lives, or lived last."""
        return redirect("members:building", self.get_object(request, object_id).home.area_id)

    @action(description="删除个人信息", icon="person_remove", permissions=["erase"])
    def erase(self, request, object_id):
        return redirect("members:erase", object_id)

    @admin.display(description="现住址")
    def place(self, member):
        return f"{member.home_label} {member.home_room}" if member.home_label else "已迁出"

    @admin.display(description="联系电话")
    def masked_phone(self, member):
        return member.masked_phone

    @admin.display(description="参加党小组日期")
    def joined_on(self, member):
        return member.home_joined_on
