"""Rows of feedback that depend on areas, employers, users and members."""

from activities.models import Activity
from feedback.models import (
    CardCode,
    Contact,
    EmployerKey,
    Feed,
    IssueRun,
    NumberSeries,
    Offer,
    RecordCard,
    Replay,
    Sender,
    Slip,
    SlipCode,
    Webhook,
)
from members.ground.dependents import Dependent, register
from members.models import Area, Employer, Member, User


def register_all() -> None:
    register(
        Area,
        Dependent(RecordCard, "area", "{} 张记录卡"),
        Dependent(RecordCard, "street", "{} 张记录卡"),
        Dependent(CardCode, "place", "{} 个确认码"),
        Dependent(Offer, "area", "{} 项单位资源"),
        Dependent(EmployerKey, "street", "{} 把单位密钥"),
        Dependent(EmployerKey, "practice", "{} 把测试密钥"),
        Dependent(Contact, "street", "{} 位单位联系人"),
        Dependent(Webhook, "street", "{} 个单位通知地址"),
        Dependent(Webhook, "practice", "{} 个测试通知地址"),
        Dependent(Sender, "area", "{} 份记录卡落款"),
        Dependent(IssueRun, "area", "{} 次批量发卡"),
        Dependent(Feed, "street", "{} 个卡片流"),
        Dependent(NumberSeries, "street", "{} 个年度的卡号"),
        Dependent(Replay, "street", "{} 次接口提交"),
        Dependent(Slip, "area", "{} 张报到单"),
        Dependent(Slip, "home", "{} 张报到单"),
        Dependent(Slip, "street", "{} 张报到单"),
        Dependent(Slip, "sent_to", "{} 张报到单"),
        Dependent(SlipCode, "place", "{} 个报到码"),
    )
    register(
        Employer,
        Dependent(RecordCard, "employer", "{} 张记录卡", "area__path"),
        Dependent(Offer, "employer", "{} 项单位资源", "area__path"),
        Dependent(EmployerKey, "employer", "{} 把密钥", "street__path"),
        Dependent(Contact, "employer", "{} 位联系人", "street__path"),
        Dependent(Webhook, "employer", "{} 个通知地址", "street__path", goes=True),
        Dependent(Feed, "employer", "{} 个卡片流", "street__path"),
        Dependent(Replay, "employer", "{} 次接口提交", "street__path"),
        Dependent(Slip, "employer", "{} 张报到单", "street__path"),
        Dependent(SlipCode, "employer", "{} 个报到链接", "place__path"),
    )
    register(Activity, Dependent(CardCode, "activity", "{} 个确认码", "place__path", goes=True))
    register(User, Dependent(Contact, "user", "{} 个单位的联系人", "street__path", goes=True))
    register(Member, Dependent(RecordCard, "member", "{} 张记录卡"), Dependent(Slip, "member", "{} 张报到单"))
