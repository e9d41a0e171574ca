"""Search by a few words in the user's scope, as in the header of every page."""

from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from louzu.rules.searching import LONGEST, SHOWN, FoundGroup, FoundKind, search
from members.api.schema import reads
from members.api.viewsets import OnRecord
from members.ground.access import Resource

KINDS = [(FoundKind.PEOPLE, "党员"), (FoundKind.PLACES, "地方"), (FoundKind.ACTIVITIES, "活动"),
         (FoundKind.EMPLOYERS, "单位"), (FoundKind.USERS, "用户")]  # fmt: skip


class FoundRowSerializer(serializers.Serializer):
    """What was found."""

    id = serializers.IntegerField(help_text="在这一类资料里的编号")
    title = serializers.CharField(help_text="姓名或名称")
    note = serializers.CharField(help_text="在哪里：住址和在职/在册、层级、日期和主办、信用代码或登录名")


class FoundGroupSerializer(serializers.Serializer):
    """What was found of one kind."""

    kind = serializers.ChoiceField(choices=KINDS, help_text="类别")
    rows = FoundRowSerializer(many=True, help_text=f"最多 {SHOWN} 条")
    has_more = serializers.BooleanField(help_text="还有没列出的，请多写几个字")


class SearchSerializer(serializers.Serializer):
    groups = FoundGroupSerializer(many=True, help_text="没有找到的类别不列")


class AskedWords(serializers.Serializer):
    q = serializers.CharField(
        max_length=LONGEST,
        allow_blank=True,
        help_text="姓名、拼音、首字母、手机后四位；地名、地址；活动名称；单位名称；用户的姓名",
    )


class SearchView(OnRecord):
    """Search; whoever reads no areas reads nothing that is searched."""

    resource = Resource.AREA

    @reads("查找", SearchSerializer, note=f"找人、地方、活动等，每类最多 {SHOWN} 条。", parameters=[AskedWords])
    def get(self, request: Request) -> Response:
        query = AskedWords(data=request.query_params)
        query.is_valid(raise_exception=True)
        try:
            groups = search(request.user, query.validated_data["q"])
        except ValidationError as refusal:
            raise serializers.ValidationError({"q": refusal.messages}) from refusal
        return Response({"groups": [_as_dict(each) for each in groups if each.kind != FoundKind.PAGES]})


def _as_dict(group: FoundGroup) -> dict:
    rows = [{"id": row.id, "title": row.title, "note": row.note} for row in group.rows]
    return {"kind": group.kind, "rows": rows, "has_more": group.has_more}
