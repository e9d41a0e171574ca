"""Serializers of areas, employers, members and homes. They shape the JSON; models and `rules` hold the rules."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from members.api.fields import (
    CreditCodeField,
    IdNumberField,
    NameField,
    PartialDateApiField,
    PastDayApiField,
    PhoneField,
    ScopedField,
)
from members.ground import ties
from members.ground.access import Resource
from members.ground.rows import save_with
from members.models import Area, AreaName, Employer, Member, Residence
from members.models.areas import AreaQuerySet
from members.roster.address_search import home_at
from members.rules import employing, merging, moving, naming, registering
from members.web.problems import refused


class CheckedSerializer(serializers.ModelSerializer):
    """A serializer that sets the fields and lets the model check them; errors are its constraints' sentences."""

    def create(self, validated_data: dict[str, Any]) -> Any:
        return self.update(self.Meta.model(), validated_data)  # type: ignore[misc]

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        return save_with(instance, validated_data)


class AreaSerializer(CheckedSerializer):
    """An area. `parent` is null where it is outside the reader's scope; writing another one moves the area."""

    parent = ScopedField(  # type: ignore[assignment]
        rows=Area.objects.for_user,
        id_attribute="parent_pk",
        allow_null=True,
        label="上级区域",
        help_text="改写即迁到另一上级之下。",
    )

    class Meta:
        model = Area
        fields = (
            "id", "path", "level", "name", "label", "parent", "since", "until", "division_code", "residents",
            "housing", "stage", "established_on",
        )  # fmt: skip
        read_only_fields = ("path", "level", "label")
        extra_kwargs = {
            "residents": {"max_value": 2**31 - 1},
            "housing": {"allow_blank": False},
            "stage": {"allow_blank": False},
        }
        validators: list = []

    def validate_parent(self, parent: Area | None) -> Area | None:
        if parent is None and (self.instance is None or self.instance.level > Area.Level.STREET):
            raise serializers.ValidationError("请填写上级区域的编号。")
        return parent

    def create(self, validated_data: dict[str, Any]) -> Area:
        parent = validated_data.pop("parent")
        return Area(**validated_data).place(under=parent)

    def update(self, instance: Area, validated_data: dict[str, Any]) -> Area:
        return instance.change(to=validated_data.pop("parent", None), **validated_data)


class AreaNameSerializer(CheckedSerializer):
    """An address or another name of an area, by which lists and forms find it."""

    area = ScopedField(rows=lambda user: Area.objects.for_user(user).current(), label="区域")
    label = serializers.CharField(source="area.label", read_only=True)  # type: ignore[assignment]

    class Meta:
        model = AreaName
        fields = ("id", "area", "label", "text", "kind")
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> AreaName:
        return naming.name_area(**validated_data)

    def update(self, instance: AreaName, validated_data: dict[str, Any]) -> AreaName:
        return naming.name_area(instance, **validated_data)


class EmployerSerializer(CheckedSerializer):
    """A unit with a party organisation of its own."""

    credit_code = CreditCodeField(required=False, allow_blank=True, allow_null=True, max_length=30)

    class Meta:
        model = Employer
        fields = ("id", "name", "credit_code")
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> Employer:
        return employing.add(**validated_data)

    def update(self, instance: Employer, validated_data: dict[str, Any]) -> Employer:
        return employing.change(instance, by=self.context["request"].user, **validated_data)


class MergeSerializer(serializers.Serializer):
    """The employer that stays, and whether keys, contacts, webhooks and issued cards go to it too."""

    into = ScopedField(rows=Employer.objects.for_user, label="留下来的单位")
    with_access = serializers.BooleanField(default=True, label="密钥、联系人、通知地址和已发出的卡也归过去")

    def update(self, instance: Employer, validated_data: dict[str, Any]) -> Employer:
        return merging.merge(instance, by=self.context["request"].user, **validated_data)


def places(resource: Resource) -> Callable[[Any], AreaQuerySet]:
    """Return a function from a user to the open areas where they may read this; `answer` checks the right to write."""
    return lambda user: Area.objects.for_user(user, resource=resource).current()


class GroupField(ScopedField):
    """A building group, of the areas that `rows` gives."""

    def to_internal_value(self, data: Any) -> Area:
        area = super().to_internal_value(data)
        if area.level != Area.Level.BUILDING_GROUP:
            raise serializers.ValidationError("请选择楼组（哪一号楼）。")
        return area


class AddressedSerializer(serializers.Serializer):
    """A home to be written: its group and room, or an address from which both are read as a form reads it."""

    address = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=200,
        label="住址",
        help_text="整个住址，如“迎园路218弄5号302室”；写了这里，area 和 room 不用再填。",
    )
    group_field = "area"  # where the group stands among the values

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        text, group = attrs.pop("address", ""), attrs.get(self.group_field)
        if text:
            user, room = self.context["request"].user, attrs.get("room", "")
            with errors_at("address"):
                attrs[self.group_field], attrs["room"] = home_at(text, user, group=group, room=room)
        elif group is None:
            raise serializers.ValidationError({"area": "请填写楼组的编号，或在 address 里写整个住址。"})
        return attrs


class HomeSerializer(serializers.ModelSerializer):
    """A member's home: the present one, else the last."""

    area = GroupField(rows=places(Resource.MEMBER), label="楼组")
    label = serializers.CharField(source="area.label", read_only=True)  # type: ignore[assignment]
    since = PastDayApiField(required=False, label="入住日期", help_text="不填就是今天。")
    joined_on = PastDayApiField(
        required=False, allow_null=True, label="参加楼组党小组日期", help_text="没有参加就不填。"
    )

    class Meta:
        model = Residence
        fields = ("area", "label", "room", "since", "until", "joined_on")
        read_only_fields = ("until",)


class NewHomeSerializer(AddressedSerializer, HomeSerializer):
    """The home of a new member."""

    area = GroupField(rows=places(Resource.MEMBER), required=False, label="楼组")

    class Meta(HomeSerializer.Meta):
        fields = (*HomeSerializer.Meta.fields, "address")  # type: ignore[assignment]


class MemberSerializer(CheckedSerializer):
    """A member. The phone number is read masked, the ID number never."""

    name = NameField(max_length=Member._meta.get_field("name").max_length, label="姓名")
    phone = PhoneField(
        required=False,
        allow_blank=True,
        max_length=30,
        label="联系电话",
        help_text="填写完整号码，返回时隐去中间几位。",
    )
    id_number = IdNumberField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=30,
        label="身份证号",
        help_text="只用来认人和查重，核对后不保存号码。",
    )
    birth_date = PartialDateApiField(required=False, allow_blank=True, label="出生年月")
    party_since = PartialDateApiField(required=False, allow_blank=True, label="入党时间")
    employer = ScopedField(rows=Employer.objects.for_user, required=False, allow_null=True, label="单位")
    employer_name = serializers.CharField(source="employer.name", read_only=True, allow_null=True, label="单位名称")
    home = serializers.SerializerMethodField(label="居住")

    class Meta:
        model = Member
        fields = (
            "id", "name", "sex", "birth_date", "id_number", "phone", "affiliation", "standing", "party_since",
            "employer", "employer_name", "employer_number", "rank", "skills", "remark", "home",
        )  # fmt: skip
        extra_kwargs = {
            "sex": {
                "required": False,
                "allow_blank": True,
                "help_text": "填了身份证号可以不填；由报到单登记的可能是空的。",
            }
        }
        validators: list = []

    @extend_schema_field(HomeSerializer(allow_null=True))
    def get_home(self, member: Member) -> dict[str, Any] | None:
        home = member.homes[0] if member.homes else None  # type: ignore[attr-defined]
        return home and {
            "area": home.area_id,
            "label": home.area.label,
            "room": home.room,
            "since": home.since,
            "until": home.until,
            "joined_on": home.joined_on,
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("home", "address"):
            if self.instance and name in self.initial_data:
                raise serializers.ValidationError({name: "住址请用 move 或 leave 办理，或在 residences 里更正。"})
        return attrs

    def update(self, instance: Member, validated_data: dict[str, Any]) -> Member:
        return registering.revise(instance, **validated_data)


class NewMemberSerializer(MemberSerializer):
    """A new member with the home, so that the record has a place from the start."""

    home = NewHomeSerializer(label="居住")  # type: ignore[assignment]

    def create(self, validated_data: dict[str, Any]) -> Member:
        home = validated_data.pop("home")
        return registering.register(home=home.pop("area"), **home, **validated_data)


class EndingField(serializers.ListField):
    """The kinds of what hangs on the old home that end with the move."""

    child = serializers.CharField(max_length=20)

    def __init__(self, **options: Any):
        names = "、".join(f"{tie.key}（{tie.words.format('').strip()}）" for tie in ties.kinds())
        super().__init__(required=False, label="一起结束", help_text=f"不填就都保留：{names}。", **options)

    def to_internal_value(self, data: Any) -> list[str]:
        chosen = super().to_internal_value(data)
        if unknown := set(chosen) - {tie.key for tie in ties.kinds()}:
            raise serializers.ValidationError(f"没有这一种：{'、'.join(sorted(unknown))}。")
        return chosen


class MoveSerializer(AddressedSerializer):
    """The home to which a member moves or comes back, and the day."""

    group_field = "to"
    area = GroupField(rows=places(Resource.MEMBER), source="to", required=False, label="新楼组")
    room = serializers.CharField(required=False, allow_blank=True, max_length=30, label="室号")
    on = PastDayApiField(required=False, label="迁入日期", help_text="不填就是今天。")
    joined_on = PastDayApiField(required=False, allow_null=True, label="参加新楼组党小组日期")
    end = EndingField()

    def update(self, instance: Member, validated_data: dict[str, Any]) -> Member:
        moving.settle(instance, by=self.context["request"].user, **validated_data)
        return instance


class LeaveSerializer(serializers.Serializer):
    """The day on which a member moves away."""

    on = PastDayApiField(required=False, label="迁出日期", help_text="不填就是今天。")
    end = EndingField()

    def update(self, instance: Member, validated_data: dict[str, Any]) -> Member:
        with errors_at("on"):
            moving.leave(instance, by=self.context["request"].user, **validated_data)
        return instance


class PhoneSerializer(serializers.Serializer):
    """A phone number in full."""

    phone = serializers.CharField(label="完整电话")


class ResidenceSerializer(CheckedSerializer):
    """A home, present or past, to look at and correct; moving house has a call of its own."""

    label = serializers.CharField(source="area.label", read_only=True)  # type: ignore[assignment]
    since = PastDayApiField(required=False, label="入住日期")
    joined_on = PastDayApiField(required=False, allow_null=True, label="参加楼组党小组日期")

    class Meta:
        model = Residence
        fields = ("id", "member", "area", "label", "room", "since", "until", "joined_on")
        read_only_fields = ("member", "area", "until")
        validators: list = []

    def update(self, instance: Residence, validated_data: dict[str, Any]) -> Residence:
        return registering.correct_home(instance, **validated_data)


@contextmanager
def errors_at(field: str) -> Iterator[None]:
    """Report a ValidationError of the model as errors of this field."""
    try:
        yield
    except ValidationError as error:
        raise serializers.ValidationError(
            {field: refused(error) if hasattr(error, "error_dict") else error.messages}
        ) from error
