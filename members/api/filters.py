"""How lists are narrowed; an area or a row outside the scope is refused as if it did not exist."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from members.access import Resource
from members.models import Area, Employer, Member, Residence

LEVELS = Area.Level.choices


def readable_areas(request: HttpRequest) -> QuerySet:
    return Area.objects.for_user(request.user)


def areas_of_members(request: HttpRequest) -> QuerySet:
    return Area.objects.for_user(request.user, resource=Resource.MEMBER)


def employers(request: HttpRequest) -> QuerySet:
    return Employer.objects.for_user(request.user)


class IdFilter(filters.Filter):
    field_class = forms.IntegerField


def by_id(label: str, kind: type[filters.Filter] = filters.ModelChoiceFilter, **options: Any) -> filters.Filter:
    """A filter by a number, said so in the schema; by default the id of one of the rows that `queryset` gives."""
    return extend_schema_field({"type": "integer", "description": label})(kind(label=label, **options))


class AreaFilter(filters.FilterSet):
    level = by_id("层级：1 街道，2 社区，3 小区，4 楼组", filters.TypedChoiceFilter, choices=LEVELS, coerce=int)
    inside = by_id("只看此区域（编号）及其以下", queryset=readable_areas, method="filter_inside")
    name = filters.CharFilter(lookup_expr="contains", label="名称包含")
    open_on = filters.DateFilter(method="filter_open_on", label="在这一天仍在使用")

    def filter_inside(self, rows: Any, name: str, area: Area) -> QuerySet:
        return rows.inside(area)

    def filter_open_on(self, rows: Any, name: str, day: date) -> QuerySet:
        return rows.on(day)


class EmployerFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="contains", label="名称包含")
    credit_code = filters.CharFilter(label="统一社会信用代码")


class MemberFilter(filters.FilterSet):
    inside = by_id("现住此区域（编号）及其以下", queryset=areas_of_members, method="filter_inside")
    affiliation = filters.ChoiceFilter(choices=Member.Affiliation.choices, label="在职/在册")
    standing = filters.ChoiceFilter(choices=Member.Standing.choices, label="党员类别")
    rank = filters.ChoiceFilter(choices=Member.Rank.choices, label="职务层次")
    employer = by_id("单位（编号）", queryset=employers)
    search = filters.CharFilter(method="filter_search", label="姓名、拼音或首字母的开头")
    joined = filters.BooleanFilter(method="filter_joined", label="现住楼组的党小组是否已参加")

    def filter_inside(self, rows: Any, name: str, area: Area) -> QuerySet:
        return rows.living_in(area, timezone.localdate())

    def filter_search(self, rows: QuerySet, name: str, text: str) -> QuerySet:
        typed = text.lower()
        return rows.filter(Q(name__startswith=text) | Q(pinyin__startswith=typed) | Q(initials__startswith=typed))

    def filter_joined(self, rows: QuerySet, name: str, joined: bool) -> QuerySet:
        has_joined = Exists(Residence.objects.filter(member=OuterRef("pk"), until=None, joined_on__isnull=False))
        return rows.filter(has_joined if joined else ~has_joined)


class ResidenceFilter(filters.FilterSet):
    member = by_id("党员（编号）", IdFilter, field_name="member_id", min_value=1, max_value=2**63 - 1)
    inside = by_id("在此区域（编号）及其以下", queryset=areas_of_members, method="filter_inside")
    current = filters.BooleanFilter(method="filter_current", label="是否现住")

    def filter_inside(self, rows: Any, name: str, area: Area) -> QuerySet:
        return rows.inside(area)

    def filter_current(self, rows: Any, name: str, current: bool) -> QuerySet:
        living = Residence.objects.current().values("pk")
        return rows.filter(pk__in=living) if current else rows.exclude(pk__in=living)
