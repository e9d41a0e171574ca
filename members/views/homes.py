"""A member moves house, moves away; their phone number in full."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget

from members import audit
from members.access import Resource, Right
from members.admin.widgets import Autocomplete
from members.atomic import atomic_write
from members.models import Area, Member, Residence
from members.views.acts import done, writable
from members.views.page import page


class DayForm(forms.Form):
    """On which day; never one still to come."""

    on = forms.DateField(label="日期", initial=timezone.localdate, widget=UnfoldAdminSingleDateWidget)

    def clean_on(self):
        day = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError("日期不能晚于今天。")
        return day


class MoveForm(DayForm):
    to = forms.ModelChoiceField(
        Area.objects.none(), label="新楼组", help_text="可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
    )
    room = forms.CharField(label="室号", max_length=30, required=False, widget=UnfoldAdminTextInputWidget)
    joined_on = forms.DateField(
        label="参加新楼组党小组日期", required=False, widget=UnfoldAdminSingleDateWidget, help_text="没有参加就不填。"
    )
    field_order = ["to", "room", "on", "joined_on"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        groups = Area.objects.for_user(user, Right.WRITE, resource=Resource.MEMBER).current()
        self.fields["to"].queryset = groups.filter(level=Area.Level.BUILDING_GROUP)
        self.fields["to"].widget = Autocomplete(Residence._meta.get_field("area"), admin.site)
        self.fields["to"].widget.choices = self.fields["to"].choices


def move(request, pk):
    """Move house, or come back after having moved away."""
    member = writable(request, Member, pk)
    form = MoveForm(request.POST or None, user=request.user)
    if form.is_valid() and done(form, lambda: member.move(**form.cleaned_data)):
        messages.success(request, f"{member}已迁到{form.cleaned_data['to'].label}。")
        return redirect("admin:members_member_change", pk)
    title = f"办理迁居：{member}"
    return page(
        request, "members/home_form.html", title=title, member=member, home=member.home, form=form, verb="办理迁居"
    )


def leave(request, pk):
    """Move away: the record stays, the home ends."""
    member = writable(request, Member, pk)
    form = DayForm(request.POST or None)
    if form.is_valid() and done(form, lambda: member.leave(**form.cleaned_data)):
        messages.success(request, f"{member}已办理迁出，记录保留。迁回时点“办理迁居”。")
        return redirect("admin:members_member_change", pk)
    title = f"办理迁出：{member}"
    return page(
        request, "members/home_form.html", title=title, member=member, home=member.home, form=form, verb="办理迁出"
    )


def phone(request, pk):
    """Show a phone number in full, on record."""
    member = get_object_or_404(Member.objects.for_user(request.user), pk=pk)
    if not Member.objects.for_user(request.user, Right.REVEAL).filter(pk=pk).exists():
        raise PermissionDenied
    shown = ""
    if request.method == "POST":
        with atomic_write():
            audit.record("reveal", member)
        shown = member.phone or "没有登记电话"
    return page(request, "members/phone.html", title=f"完整电话：{member}", member=member, shown=shown)
