"""Filters of lists. An area or a row outside the scope is refused as if it did not exist."""

from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from members.api.fields import LARGEST_ID
from members.ground.access import Resource
from members.ground.unit_names import folded
from members.models import Area, Employer, Member, Residence
from members.rules.finding import named

LEVELS = Area.Level.choices


def areas_with(resource: Resource, request: HttpRequest) -> QuerySet:
    """Return the areas where the user may read this resource."""
    return Area.objects.for_user(request.user, resource=resource)


def employers(request: HttpRequest) -> QuerySet:
    return Employer.objects.for_user(request.user)


class IdFilter(filters.Filter):
    field_class = forms.IntegerField


def by_id(label: str, kind: type[filters.Filter] = filters.ModelChoiceFilter, **options: Any) -> filters.Filter:
    """Return a filter by an integer, declared as such in the schema; by default the id of a row of `queryset`."""
    return extend_schema_field({"type": "integer", "description": label})(kind(label=label, **options))


def id_of(label: str, column: str) -> filters.Filter:
    """Return a filter by a plain id: the rows are scoped already, so that an id outside finds nothing."""
    return by_id(label, IdFilter, field_name=column, min_value=1, max_value=LARGEST_ID)


def inside(resource: Resource, label: str = "只看此区域（编号）及其以下", **options: Any) -> filters.Filter:
    """Return a filter by an area where the user may read this resource, and all areas below it."""
    narrowed = {"method": lambda rows, name, area: rows.inside(area)} | options
    return by_id(label, queryset=partial(areas_with, resource), **narrowed)


class AreaFilter(filters.FilterSet):
    level = by_id("层级：1 街道，2 社区，3 小区，4 楼组", filters.TypedChoiceFilter, choices=LEVELS, coerce=int)
    inside = inside(Resource.AREA)
    name = filters.CharFilter(lookup_expr="contains", label="名称包含")
    open_on = filters.DateFilter(method="filter_open_on", label="在这一天仍在使用")

    def filter_open_on(self, rows: Any, name: str, day: date) -> QuerySet:
        return rows.on(day)


class EmployerFilter(filters.FilterSet):
    name = filters.CharFilter(method="filter_name", label="名称或曾用名包含")
    credit_code = filters.CharFilter(label="统一社会信用代码")

    def filter_name(self, rows: Any, name: str, text: str) -> QuerySet:
        return rows.called(folded(text))


class MemberFilter(filters.FilterSet):
    inside = inside(Resource.MEMBER, "现住此区域（编号）及其以下", method="filter_inside")
    affiliation = filters.ChoiceFilter(choices=Member.Affiliation.choices, label="在职/在册")
    standing = filters.ChoiceFilter(choices=Member.Standing.choices, label="党员类别")
    rank = filters.ChoiceFilter(choices=Member.Rank.choices, label="职务层次")
    employer = by_id("单位（编号）", queryset=employers)
    search = filters.CharFilter(method="filter_search", label="姓名里的字，或拼音、首字母的开头")
    joined = filters.BooleanFilter(method="filter_joined", label="现住楼组的党小组是否已参加")

    def filter_inside(self, rows: Any, name: str, area: Area) -> QuerySet:
        return rows.living_in(area, timezone.localdate())

    def filter_search(self, rows: QuerySet, name: str, text: str) -> QuerySet:
        return rows.filter(named(text))

    def filter_joined(self, rows: QuerySet, name: str, joined: bool) -> QuerySet:
        has_joined = Exists(Residence.objects.filter(member=OuterRef("pk"), until=None, joined_on__isnull=False))
        return rows.filter(has_joined if joined else ~has_joined)


class ResidenceFilter(filters.FilterSet):
    member = id_of("党员（编号）", "member_id")
    inside = inside(Resource.MEMBER, "在此区域（编号）及其以下")
    current = filters.BooleanFilter(method="filter_current", label="是否现住")

    def filter_current(self, rows: Any, name: str, current: bool) -> QuerySet:
        living = Residence.objects.current().values("pk")
        return rows.filter(pk__in=living) if current else rows.exclude(pk__in=living)
