"""Shapes of the calls on slips, for the schema: what is answered, and the slip in an event of the feed."""

from rest_framework import serializers

from feedback.api.fields import TextField, YesNoField, open_field
from feedback.models import Slip
from feedback.rules.slips_of_units import LEAVING
from members.models import Consent

STATUSES = Slip.Status.choices
MOST = 500


class SlipRowSaid(serializers.Serializer):
    """One slip as it is sent. Each row is judged by itself, so that one bad row keeps back no other."""

    name = TextField(required=False, allow_blank=True, default="", help_text="姓名。")
    phone = TextField(required=False, allow_blank=True, default="", help_text="本人的电话。")
    home = TextField(
        required=False,
        allow_blank=True,
        default="",
        help_text="住址，写到几号楼几室，如“清河苑1期 15号楼302室”，最多 100 个字。",
    )
    employer_number = TextField(
        required=False, allow_blank=True, default="", help_text="贵单位自己的人员编号，可以不填，最多 30 个字。"
    )
    skills = TextField(required=False, allow_blank=True, default="", help_text="特长，可以不填，最多 200 个字。")
    wishes = TextField(required=False, allow_blank=True, default="", help_text="愿意做的，可以不填，最多 200 个字。")
    agreed_how = TextField(
        required=False,
        allow_blank=True,
        default="",
        help_text=f"本人怎样同意的：{'；'.join(f'{value} {label}' for value, label in Consent.Means.choices)}。必填。",
    )
    agreed_on = TextField(
        required=False, allow_blank=True, default="", help_text="本人哪一天同意的，如 2026-11-20。必填。"
    )


class SlipsSaid(serializers.Serializer):
    """The slips to send."""

    slips = SlipRowSaid(
        many=True,
        allow_empty=False,
        max_length=MOST,  # type: ignore[call-arg]
        help_text=f"1 至 {MOST} 张。",
    )


class SlipAnswerSaid(serializers.Serializer):
    """The answer to a question: a sentence, another address, another phone, at least one of them."""

    text = TextField(required=False, allow_blank=True, max_length=200, default="", help_text="一句回答。")
    home = TextField(required=False, allow_blank=True, max_length=100, default="", help_text="改正的住址。")
    phone = TextField(required=False, allow_blank=True, max_length=30, default="", help_text="改正的电话。")


class SlipEndSaid(serializers.Serializer):
    """That the member left the employer, or retired."""

    reason_code = serializers.ChoiceField([(each.value, each.label) for each in LEAVING], help_text="为什么结束。")
    text = TextField(required=False, allow_blank=True, max_length=200, default="", help_text="说明，可以不填。")


class SlipOursSaid(serializers.Serializer):
    """Whether the member is the employer's."""

    is_ours = YesNoField(help_text="是不是贵单位的人。")


class SlipReasonShape(serializers.Serializer):
    """What was asked, or why it ended: its code, and a sentence that may be empty."""

    code = serializers.CharField(help_text="代码，以后可能增加")
    text = serializers.CharField(required=False, help_text="说明，可以为空；卡片流里没有这一项")


class SlipSuccessorShape(serializers.Serializer):
    """The street that goes on with a slip, and the number that it has there."""

    street = serializers.CharField(help_text="街道")
    number = serializers.CharField(help_text="那边的报到单号")


class SlipStatementShape(serializers.Serializer):
    """The signed statement that a community received the member, as canonical JSON."""

    chain = serializers.CharField(required=False, help_text="属于哪一条回执链")
    number = serializers.CharField(help_text="报到单号")
    accepted_at = serializers.DateTimeField(help_text="接收时间")
    day = serializers.DateField(help_text="接收的日子")
    community = serializers.CharField(help_text="接收的社区")
    telephone = serializers.CharField(help_text="社区的联系方式")
    previous = serializers.CharField(allow_null=True, help_text="同一条链里上一张回执的 hash；第一张为 null")
    key = serializers.CharField(help_text="签名公钥的编号，见 /keys")


class SlipReceiptShape(serializers.Serializer):
    hash = serializers.CharField(help_text="回执的 SHA-256")
    signature = serializers.CharField(allow_null=True, help_text="Ed25519 签名，base64；公钥已不再公布的旧回执为 null")
    receipt = SlipStatementShape()


class SlipFactsShape(serializers.Serializer):
    """A slip as an event of the feed tells of it; it names nobody."""

    number = serializers.CharField(help_text="报到单号")
    status = open_field("状态", STATUSES)
    origin = open_field("来源", Slip.Origin.choices)
    employer_says = open_field("贵单位的答复，没有则为 null", Slip.Ours.choices, allow_null=True)
    continues = serializers.CharField(allow_null=True, help_text="从哪一张转来，没有则为 null")
    street = serializers.CharField(help_text="现在归哪个街道")
    asked = SlipReasonShape(allow_null=True, help_text="要核对什么，状态是 asked 时才有")
    forwarded_to = SlipSuccessorShape(allow_null=True, help_text="转到了哪里，状态是 forwarded 时才有")
    declined = SlipReasonShape(allow_null=True, help_text="为什么退回，状态是 declined 时才有")
    withdrawn_by = open_field("谁撤回的，没有则为 null", Slip.Withdrawer.choices, allow_null=True)
    ended = SlipReasonShape(allow_null=True, help_text="为什么结束，状态是 ended 时才有")
    receipt = SlipReceiptShape(allow_null=True, help_text="社区的回执，接收以后才有")


class SlipShape(SlipFactsShape):
    """A slip as its employer reads it by a call."""

    sent_at = serializers.DateTimeField(help_text="发来时间")
    name = serializers.CharField(allow_null=True, help_text="姓名；已撤回的为 null")
    employer_number = serializers.CharField(allow_null=True, help_text="贵单位自己的人员编号")


class SlipsShape(serializers.Serializer):
    slips = SlipShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="下一页的游标；没有下一页则为 null")


class SlipSentShape(serializers.Serializer):
    """The answer for one row."""

    index = serializers.IntegerField(help_text="第几行，从 0 起")
    status = serializers.IntegerField(help_text="201 新发出；200 以前发过、还有效，就是那一张；422 没有发出，见 errors")
    slip = SlipFactsShape(allow_null=True, help_text="发出的报到单；没有发出则为 null")
    errors = serializers.DictField(allow_null=True, help_text="各字段的错误；发出了则为 null")  # type: ignore[assignment]


class SlipsSentShape(serializers.Serializer):
    slips = SlipSentShape(many=True, help_text="每一行一个结果，次序和请求一样")
    sent = serializers.IntegerField(help_text="新发出几张")
    refused = serializers.IntegerField(help_text="几行没有发出")
