"""The rows of this app that depend on areas, employers, doors, members and users."""

from members.ground.dependents import Dependent, register
from members.models import (
    Area,
    AreaName,
    AreaRole,
    Consent,
    CorrectionRequest,
    Duty,
    Employer,
    EmployerName,
    Household,
    Member,
    Move,
    Pairing,
    Residence,
    RosterColumns,
    RosterImport,
    StaffToken,
    Transfer,
    User,
)


def register_all() -> None:
    register(
        Area,
        Dependent(Residence, "area", "{} 处党员住址"),
        Dependent(Household, "area", "{} 户住户"),
        Dependent(AreaRole, "area", "{} 个岗位"),
        Dependent(Member, "street", "{} 名党员"),
        Dependent(Pairing, "compound", "{} 对结对"),
        Dependent(Pairing, "neighbour_compound", "{} 对结对的另一方"),
        Dependent(RosterImport, "area", "{} 次花名册导入"),
        Dependent(RosterColumns, "area", "{} 种记住的表头", goes=True),
        Dependent(EmployerName, "street", "{} 个单位叫法"),
        Dependent(AreaName, "street", "{} 个地址或别名"),
        Dependent(Transfer, "to_street", "{} 次转接"),
        Dependent(AreaName, "area", "{} 个地址或别名", goes=True),
    )
    register(
        Employer,
        Dependent(Member, "employer", "{} 名党员", "street__path"),
        Dependent(EmployerName, "employer", "{} 个叫法", "street__path", goes=True),
        Dependent(Employer, "merged_into", "{} 家并入的单位"),
        Dependent(Consent, "employer", "{} 次党员答复", "member__street__path"),
    )
    register(
        Household,
        Dependent(Pairing, "household", "{} 对结对"),
        Dependent(Pairing, "neighbour", "{} 对结对的另一方"),
    )
    register(
        Member,
        Dependent(Residence, "member", "{} 处别的住址", goes=True),
        Dependent(Move, "member", "{} 次迁居迁出", goes=True),
        Dependent(Transfer, "member", "{} 次转接", goes=True),
        Dependent(Transfer, "settled", "{} 次转接"),
        Dependent(Duty, "member", "{} 项六员岗位", goes=True),
        Dependent(Consent, "member", "{} 次本人答复", goes=True),
        Dependent(CorrectionRequest, "member", "{} 条更正请求", goes=True),
        Dependent(User, "member", "{} 个登录账号"),
    )
    register(
        User,
        Dependent(AreaRole, "user", "{} 个岗位", "area__path", goes=True),
        Dependent(StaffToken, "user", "{} 把接口密钥", goes=True),
    )
