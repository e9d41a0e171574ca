"""Shapes of responses, for the schema only: the responses are stored bytes or plain values."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from activities.models import Activity
from feedback.api.fields import open_field
from feedback.api.slip_shapes import SlipFactsShape
from feedback.models import FeedEvent, Offer, RecordCard, Scope
from feedback.models.cards import OUT
from members.models import Area, Duty

STATUSES = [(status, label) for status, label in RecordCard.Status.choices if status in (*OUT, "withdrawn")]
LEVELS = [("street", "街道"), ("community", "社区")]
TIERS = [str(label) for label in Area.Level.labels]
FIELDS = [str(label) for label in Activity.Field.labels]


@extend_schema_field({"type": "integer", "format": "int64"})
class WholeNumber(serializers.IntegerField):
    """An id or a sequence number; generated clients give it 64 bits."""


class PeriodShape(serializers.Serializer):
    code = serializers.CharField(help_text="如 2026H1")
    first = serializers.DateField()
    last = serializers.DateField()


class MemberShape(serializers.Serializer):
    name = serializers.CharField(help_text="姓名")
    employer_number = serializers.CharField(allow_null=True, help_text="贵单位自己的人员编号，社区知道才有")


class UnitShape(serializers.Serializer):
    name = serializers.CharField(help_text="单位名称")
    credit_code = serializers.CharField(allow_null=True, help_text="统一社会信用代码")


class SenderShape(serializers.Serializer):
    street = serializers.CharField(help_text="街道")
    street_contact = serializers.CharField(help_text="街道联系方式")
    community = serializers.CharField(help_text="社区")
    community_contact = serializers.CharField(help_text="社区联系方式")


class LineShape(serializers.Serializer):
    """A line of a card: one thing that the member did."""

    day = serializers.DateField()
    title = serializers.CharField(help_text="做了什么")
    tier = serializers.CharField(help_text=f"在哪一级：{'、'.join(TIERS)}")
    field = serializers.CharField(help_text=f"领域：{'、'.join(FIELDS)}")
    duty = serializers.CharField(help_text=f"承担的岗位，没有则为空：{'、'.join(map(str, Duty.Kind.labels))}")


class CountsShape(serializers.Serializer):
    activities = serializers.IntegerField(help_text="活动")
    visits = serializers.IntegerField(help_text="走访")
    needs = serializers.IntegerField(help_text="办好的群众需求")


class BodyShape(serializers.Serializer):
    """The body of a card, as issued."""

    number = serializers.CharField(help_text="卡号")
    supersedes = serializers.CharField(allow_null=True, help_text="代替哪一张卡")
    issued_on = serializers.DateField()
    period = PeriodShape()
    member = MemberShape()
    employer = UnitShape()
    lines = LineShape(many=True)
    duties = serializers.ListField(child=serializers.CharField(), help_text="担任的六员")
    counts = CountsShape()
    sentence = serializers.CharField(help_text="社区的一句话，可以为空")

    def get_fields(self):
        return super().get_fields() | {"from": SenderShape()}


class EventCardShape(serializers.Serializer):
    number = serializers.CharField(help_text="卡号")
    digest = serializers.CharField(help_text="原文的 SHA-256")
    supersedes = serializers.CharField(allow_null=True, help_text="代替哪一张卡")
    body = BodyShape(allow_null=True, help_text="发出时的原文；已撤回则为 null")


class EventShape(serializers.Serializer):
    seq = WholeNumber(help_text="序号，从 1 起连续")
    type = open_field("事件", FeedEvent.Type.choices)
    at = serializers.DateTimeField(help_text="时间")
    version = serializers.IntegerField(required=False, help_text="卡的事件按它去重：1 发出（撤回签收也是），2 撤回")
    card = EventCardShape(required=False, help_text="卡的事件才有")
    slip = SlipFactsShape(required=False, help_text="报到单的事件（slip. 开头的）才有；不用报到单的可以跳过")


class FeedShape(serializers.Serializer):
    """A page of the feed."""

    events = EventShape(many=True)
    next = serializers.CharField(help_text="下一次从这里取起，存在本地")
    more = serializers.BooleanField(help_text="后面是否还有")


class CardShape(serializers.Serializer):
    """A card in a list."""

    number = serializers.CharField(help_text="卡号")
    status = open_field("状态", STATUSES)
    digest = serializers.CharField(help_text="原文的 SHA-256")
    amendable_until = serializers.DateField(
        allow_null=True, help_text="反馈在这一天（含）以前可以修改；已撤回则为 null"
    )
    body = BodyShape(allow_null=True, help_text="发出时的原文；已撤回则为 null")


class CardsShape(serializers.Serializer):
    cards = CardShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="下一页的游标；没有下一页则为 null")


class ChainedShape(serializers.Serializer):
    """What every signed statement says."""

    chain = serializers.CharField(required=False, help_text="属于哪一条回执链；0.4 以前的回执没有这一项")
    number = serializers.CharField(help_text="卡号")
    digest = serializers.CharField(help_text="签收的原文的 SHA-256")
    previous = serializers.CharField(allow_null=True, help_text="同一条链里上一张回执的 hash；第一张为 null")
    key = serializers.CharField(help_text="签名公钥的编号，见 /keys")


class StatementShape(ChainedShape):
    """The signed statement of a receipt, as canonical JSON."""

    received_at = serializers.DateTimeField(help_text="签收时间")


class TakenBackStatementShape(ChainedShape):
    """The signed statement that a receipt was taken back, as canonical JSON."""

    taken_back_at = serializers.DateTimeField(help_text="撤回签收的时间")


class SignedShape(serializers.Serializer):
    hash = serializers.CharField(help_text="回执的 SHA-256")
    signature = serializers.CharField(allow_null=True, help_text="Ed25519 签名，base64；公钥已不再公布的旧回执为 null")


class ReceiptShape(SignedShape):
    receipt = StatementShape()


class TakenBackShape(SignedShape):
    receipt = TakenBackStatementShape()


class AnswerShape(serializers.Serializer):
    number = serializers.CharField(help_text="卡号")
    version = serializers.IntegerField(help_text="第几版")
    text = serializers.CharField(help_text="反馈")
    thanks = serializers.BooleanField(help_text="是否表示感谢")
    at = serializers.DateTimeField(help_text="反馈时间")
    amendable_until = serializers.DateField(help_text="在这一天（含）以前可以修改")


class ReturnShape(serializers.Serializer):
    number = serializers.CharField(help_text="卡号")
    status = open_field("状态", STATUSES)
    reason_code = open_field("退回原因", RecordCard.Return.choices)
    text = serializers.CharField(help_text="说明")
    returned_at = serializers.DateTimeField(help_text="退回时间")


class OfferShape(serializers.Serializer):
    id = WholeNumber(help_text="编号")
    area = WholeNumber(help_text="提供给哪个街道或社区（编号）")
    kind = open_field("类别", Offer.Kind.choices)
    title = serializers.CharField(help_text="提供什么")
    text = serializers.CharField(help_text="说明")
    status = open_field("状态", Offer.Status.choices)
    created_at = serializers.DateTimeField(help_text="提出时间")
    closed_at = serializers.DateTimeField(allow_null=True, help_text="用完或收回的时间")


class OffersShape(serializers.Serializer):
    offers = OfferShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="下一页的游标；没有下一页则为 null")


class PlaceShape(serializers.Serializer):
    """A street or community that can receive offers."""

    id = WholeNumber(help_text="编号")
    name = serializers.CharField(help_text="名称")
    label = serializers.CharField(help_text="全称")  # type: ignore[assignment]
    level = open_field("层级", LEVELS)


class StreetShape(serializers.Serializer):
    """The street that gave the key; the key opens the cards of this street only."""

    id = WholeNumber(help_text="编号")
    name = serializers.CharField(help_text="名称")


class MeShape(serializers.Serializer):
    employer = UnitShape()
    street = StreetShape()
    label = serializers.CharField(help_text="密钥的用途")  # type: ignore[assignment]
    scopes = serializers.ListField(child=open_field("权限", Scope.choices), help_text="权限")
    expires_at = serializers.DateTimeField(help_text="到期时间")
    expires_soon = serializers.BooleanField(help_text="是否在 30 天以内到期，该更换了")
    areas = PlaceShape(many=True)


class NewKeyShape(serializers.Serializer):
    key = serializers.CharField(help_text="新密钥，只出现这一次")
    expires_at = serializers.DateTimeField(help_text="新密钥的到期时间")
    old_key_until = serializers.DateTimeField(help_text="原来的密钥用到什么时候")


class NoticeTestShape(serializers.Serializer):
    notices = serializers.IntegerField(help_text="发往几个通知地址")


class KeyShape(serializers.Serializer):
    """A public key that verifies receipts."""

    id = serializers.CharField(help_text="编号")
    algorithm = serializers.CharField(help_text="算法，Ed25519")
    public = serializers.CharField(help_text="公钥，base64")


class KeysShape(serializers.Serializer):
    keys = KeyShape(many=True)  # type: ignore[assignment]
