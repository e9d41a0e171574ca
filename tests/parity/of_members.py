"""The writes of members: areas, people and homes, households and pairings, consents, users, rosters."""

import io
import re
import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from louzu.rules import retention
from members.ground import audit
from members.ground.access import PostKind
from members.ground.export import workbook
from members.ground.keys import AccessKey
from members.login import resetting, second_factor
from members.models import (
    Area,
    Consent,
    Employer,
    EmployerName,
    Household,
    Member,
    Move,
    Pairing,
    RosterColumns,
    RosterImport,
    StaffToken,
)
from members.roster import compounds, stages, steps
from members.roster.tree import import_tree
from members.rules import (
    appointing,
    consenting,
    employing,
    erasing,
    housing,
    merging,
    moving,
    naming,
    pairing,
    registering,
)
from members.rules.remembered import forget_columns
from tests import factories
from tests.members.uploads import cells, named_columns, preview, sheet, write
from tests.parity.asking import Door, Rows, Values, Write

TODAY = timezone.localdate().isoformat()
TO_COME = "2999-01-01"
ID_NUMBER, KNOWN_NUMBER = factories.id_number("19850302", 213), factories.id_number("19780512", 431)
Body = Callable[[Values], dict[str, Any]]


def _named(*pairs: str, **fixed: Any) -> Body:
    """Build the body of a request: "to=area" sends the value `to` as `area`, a name alone as itself, others not."""
    names = dict((pair.split("=") * 2)[:2] for pair in pairs)
    return lambda values: fixed | {there: values[here] for here, there in names.items() if here in values}


def _without(*names: str) -> Body:
    return lambda values: {name: value for name, value in values.items() if name not in names}


def _file(values: Values, *, kept: tuple[str, ...], name: str) -> dict[str, Any]:
    return {each: values[each] for each in kept} | {"file": SimpleUploadedFile(name, values["content"])}


def _commanded(command: str, values: Values, ending: str, **options: Any) -> str:
    """Run a command with the content as a file; return its output."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"名单{ending}")
        path.write_bytes(values["content"])
        try:
            call_command(command, str(path), **options, stdout=said, stderr=said)
        except (CommandError, SystemExit) as end:
            said.write(str(end))
    return said.getvalue()


def _tree(rows: Rows, values: Values) -> str:
    return _commanded("import_areas", values, ".xlsx", street="新成路街道")


def _roster(rows: Rows, values: Values) -> str:
    return _commanded("import_roster", values, ".csv", area="新成路街道")


def _called_with(command: str, rows: Rows, values: Any) -> str:
    """Run a command with these options, or arguments; return its output."""
    said = io.StringIO()
    arguments, options = (values, {}) if isinstance(values, list) else ((), values)
    try:
        call_command(command, *arguments, stdout=said, **options)
    except CommandError as end:
        said.write(str(end))
    return said.getvalue()


def _table(values: Values) -> str:
    return "姓名\t岗位\t地方\t登录名\n{name}\t{kind}\t{place}\t{username}".format(**values)


def _forgotten(rows: Rows, values: Values) -> str:
    said = io.StringIO()
    call_command("forget_second_factor", "lianluo", stdout=said)
    return said.getvalue()


def _purged(rows: Rows, values: Values) -> str:
    said = io.StringIO()
    call_command("purge", yes=True, stdout=said)
    return said.getvalue()


TREE = workbook("组织架构", ["社区", "小区", "楼组"], [["第九社区", "新苑", "7号楼"]], formats={})
NO_TREE = workbook("组织架构", ["姓名", "电话"], [["欧阳", "1"]], formats={})

AREAS = {
    "an area is added": Write(
        rule=Area.place_under,
        doors=(
            Door("admin members.area add", "admin/members/area/add/"),
            Door("api POST api/v1/areas", "api/v1/areas"),
        ),
        good={"parent": "{community}", "name": "新苑"},
        bad=(("楼组之下不能再设区域", {"parent": "{group}"}), ("里已经有“迎晖苑”", {"name": "迎晖苑"})),
    ),
    "an area is changed": Write(
        rule=Area.revise,
        doors=(
            Door("admin members.area change", "admin/members/area/{station}/change/"),
            Door("api PATCH api/v1/areas/<int:pk>", "api/v1/areas/{station}"),
        ),
        good={"name": "迎晖苑一期", "housing": "old"},
        bad=(
            ("只能移到社区之下", {"parent": "{street}"}),
            ("还有党员居住，请先为他们办理迁居", {"until": TODAY, "_": "{member}"}),
        ),
    ),
    "an area gets another name": Write(
        rule=naming.name_area,
        doors=(
            Door("admin members.areaname add", "admin/members/areaname/add/"),
            Door("api POST api/v1/area-names", "api/v1/area-names"),
        ),
        good={"area": "{station}", "text": "迎园路218弄", "kind": "address", "_": "{street}"},
        bad=(
            ("说不出是哪个小区", {"text": "12号楼"}),
            ("本街道已经有一个区域用这个地址或别名", {"text": "仓场路６６弄", "_": "{named}"}),
        ),
    ),
    "another name of an area is corrected": Write(
        rule=naming.name_area,
        doors=(
            Door("admin members.areaname change", "admin/members/areaname/{named}/change/"),
            Door("api PATCH api/v1/area-names/<int:pk>", "api/v1/area-names/{named}"),
        ),
        good={"text": "仓场路68弄"},
        bad=(("写到了哪一室", {"text": "仓场路68弄5号302室"}),),
    ),
    "another name of an area is deleted": Write(
        rule=naming.forget_name,
        doors=(Door("admin members.areaname delete", "admin/members/areaname/{named}/delete/"),),
        good={"post": "yes"},
    ),
    "what columns mean is forgotten": Write(
        rule=forget_columns,
        doors=(Door("admin members.rostercolumns delete", "admin/members/rostercolumns/{remembered}/delete/"),),
        good={"post": "yes"},
    ),
    "a tree is brought in": Write(
        rule=import_tree,
        doors=(
            Door("page areas/upload/", "areas/upload/", body=partial(_file, kept=("street",), name="架构.xlsx")),
            Door("command import_areas", call=_tree),
        ),
        good={"street": "{street}", "content": TREE},
        bad=(("表头", {"content": NO_TREE}),),
    ),
}

PEOPLE = {
    "a member is registered": Write(
        rule=registering.register,
        doors=(
            Door(
                "admin members.member add",
                "admin/members/member/add/",
                body=lambda values: _without("phone")(values) | {"phone_number": values["phone"]},
            ),
            Door(
                "api POST api/v1/members",
                "api/v1/members",
                body=lambda values: (
                    _without("home", "room", "joined_on")(values)
                    | {"home": _named("home=area", "room", "joined_on")(values)}
                ),
            ),
        ),
        good={
            "name": "诸葛静",
            "sex": "male",
            "birth_date": "1985-03",
            "id_number": ID_NUMBER,
            "phone": "19900007777",
            "affiliation": "local",
            "standing": "full",
            "skills": "书法",
            "home": "{group}",
            "room": "５０２室",
            "joined_on": TODAY,
            "_": "{member}",
        },
        bad=(
            ("与身份证号不一致，请核对", {"birth_date": "1990-01"}),
            ("与身份证号不一致，请核对", {"sex": "female"}),
            ("身份证号应为 18 位", {"id_number": "123"}),
            ("这个身份证号在本街道已经登记", {"id_number": KNOWN_NUMBER, "birth_date": ""}),
            ("日期不能晚于今天", {"joined_on": TO_COME}),
            ("在职党员要填写单位", {"affiliation": "in_post"}),
        ),
    ),
    "a member's record is put right": Write(
        rule=registering.revise,
        doors=(
            Door("admin members.member change", "admin/members/member/{member}/change/"),
            Door("api PATCH api/v1/members/<int:pk>", "api/v1/members/{member}"),
        ),
        good={"rank": "section", "skills": "书法", "remark": ""},
        bad=(
            ("入党时间早于出生年月", {"party_since": "1970-01"}),
            ("与身份证号不一致，请核对", {"id_number": ID_NUMBER, "birth_date": "1978-05-12"}),
        ),
    ),
    "a member moves house": Write(
        rule=moving.settle,
        doors=(
            Door("page members/<int:pk>/move/", "members/{member}/move/"),
            Door(
                "api POST api/v1/members/<int:pk>/move",
                "api/v1/members/{member}/move",
                body=_named("to=area", "room", "on", "joined_on"),
            ),
        ),
        good={"to": "{other_group}", "room": "1203室", "on": TODAY},
        bad=(
            ("日期不能晚于今天", {"on": TO_COME}),
            ("迁出日期不能早于入住日期 2020-03-01", {"on": "2019-12-31"}),
        ),
    ),
    "a member moves away": Write(
        rule=moving.leave,
        doors=(
            Door("page members/<int:pk>/leave/", "members/{member}/leave/"),
            Door("api POST api/v1/members/<int:pk>/leave", "api/v1/members/{member}/leave"),
        ),
        good={"on": TODAY},
        bad=(
            ("日期不能晚于今天", {"on": TO_COME}),
            ("迁出日期不能早于入住日期 2020-03-01", {"on": "2019-12-31"}),
        ),
    ),
    "a member is erased": Write(
        rule=erasing.erase,
        doors=(
            Door("page members/<int:pk>/erase/", "members/{member}/erase/"),
            Door("api POST api/v1/members/<int:pk>/erase", "api/v1/members/{member}/erase"),
        ),
        good={"why": "request"},
    ),
    "a move is undone": Write(
        rule=moving.undo,
        doors=(
            Door("page moves/<int:pk>/undo/", "moves/{move}/undo/"),
            Door("api POST api/v1/members/<int:pk>/undo-move", "api/v1/members/{member}/undo-move"),
        ),
        good={"_": "{move}"},
    ),
    "a home on record is corrected": Write(
        rule=registering.correct_home,
        doors=(
            Door(
                "admin members.member inline members.residence change",
                "admin/members/member/{member}/change/",
                body=lambda values: {f"residences-0-{name}": value for name, value in values.items()},
            ),
            Door("api PATCH api/v1/residences/<int:pk>", "api/v1/residences/{residence}"),
        ),
        good={"room": "1203室", "since": "2020-02-01", "_": "{residence}"},
        bad=(("不能晚于今天", {"since": TO_COME}),),
    ),
    "a duty is taken up": Write(
        rule=registering.set_duty,
        doors=(
            Door(
                "admin members.member inline members.duty add",
                "admin/members/member/{member}/change/",
                body=lambda values: (
                    {"duties-TOTAL_FORMS": "1", "duties-0-member": values["member"]}
                    | {f"duties-0-{name}": values[name] for name in ("kind", "since")}
                ),
            ),
        ),
        good={"member": "{member}", "kind": "helper", "since": "2024-01-01"},
    ),
    "a duty ends": Write(
        rule=registering.set_duty,
        doors=(
            Door(
                "admin members.member inline members.duty change",
                "admin/members/member/{busy_member}/change/",
                body=lambda values: {f"duties-0-{name}": value for name, value in values.items()},
            ),
        ),
        good={"until": TODAY},
        bad=(("结束日期不能早于开始日期", {"until": "2001-01-01"}),),
    ),
    "a phone number is revealed": Write(
        rule=Member.reveal_phone,
        doors=(
            Door("page members/<int:pk>/phone/", "members/{member}/phone/"),
            Door("api POST api/v1/members/<int:pk>/phone", "api/v1/members/{member}/phone"),
        ),
        good={},
        only_entry=True,
    ),
}

EMPLOYERS = {
    "an employer is added": Write(
        rule=employing.add,
        doors=(
            Door("admin members.employer add", "admin/members/employer/add/"),
            Door("api POST api/v1/employers", "api/v1/employers"),
        ),
        good={"name": "嘉定区图书馆", "credit_code": "", "_": "{employer}"},
        bad=(("已有同名单位", {"name": "上海嘉定仪表厂"}), ("统一社会信用代码不对", {"credit_code": "123"})),
    ),
    "an employer is changed": Write(
        rule=employing.change,
        doors=(
            Door("admin members.employer change", "admin/members/employer/{employer}/change/"),
            Door("api PATCH api/v1/employers/<int:pk>", "api/v1/employers/{employer}"),
        ),
        good={"name": "嘉定仪表总厂"},
        bad=(("统一社会信用代码不对", {"credit_code": "123"}),),
    ),
    "an employer is merged into another": Write(
        rule=merging.merge,
        doors=(
            Door(
                "page employers/<int:pk>/merge/",
                "employers/{employer}/merge/",
                body=lambda values: {"into": Employer.objects.get(pk=values["into"]).name, "with_access": "on"},
            ),
            Door("api POST api/v1/employers/<int:pk>/merge", "api/v1/employers/{employer}/merge", body=_named("into")),
        ),
        good={"into": "{other_employer}"},
        bad=(("不能并入自己", {"into": "{employer}"}),),
    ),
    "a street calls an employer so": Write(
        rule=employing.call,
        doors=(Door("admin members.employername add", "admin/members/employername/add/"),),
        good={"name": "仪表厂", "employer": "{employer}", "street": "{street}"},
    ),
    "a street calls an employer otherwise": Write(
        rule=employing.call,
        doors=(Door("admin members.employername change", "admin/members/employername/{called}/change/"),),
        good={"name": "老仪表厂"},
    ),
    "a street forgets what it called an employer": Write(
        rule=employing.forget,
        doors=(Door("admin members.employername delete", "admin/members/employername/{called}/delete/"),),
        good={"post": "yes"},
    ),
}

DOORS = {
    "a building is laid out": Write(
        rule=housing.lay_out,
        doors=(
            Door("page buildings/<int:pk>/doors/", "buildings/{group}/doors/", body=_without("area")),
            Door("api POST api/v1/households/lay-out", "api/v1/households/lay-out"),
        ),
        good={"area": "{group}", "units": 1, "floors": 2, "doors": 4, "_": "{home}"},
        bad=(("算下来超过 1,000 户", {"units": 12, "floors": 60, "doors": 30}),),
    ),
    "members' own doors are added": Write(
        rule=housing.add_rooms,
        doors=(Door("page buildings/<int:pk>/doors/members/", "buildings/{group}/doors/members/"),),
        good={"_": "{member}"},
    ),
    "a door is added": Write(
        rule=housing.add_door,
        doors=(
            Door("page buildings/<int:pk>/doors/add/", "buildings/{group}/doors/add/", body=_without("area")),
            Door("admin members.household add", "admin/members/household/add/"),
            Door("api POST api/v1/households", "api/v1/households"),
        ),
        good={"area": "{group}", "room": "１０５室", "name": "王阿姨家", "_": "{home}"},
        bad=(("这个楼组里已经有这一户", {"room": "302室"}),),
    ),
    "a door is named": Write(
        rule=housing.change_door,
        doors=(
            Door("page households/<int:pk>/", "households/{neighbour}/"),
            Door("admin members.household change", "admin/members/household/{neighbour}/change/"),
            Door("api PATCH api/v1/households/<int:pk>", "api/v1/households/{neighbour}"),
        ),
        good={"name": "王阿姨家"},
    ),
    "a door is taken away": Write(
        rule=Household.remove,
        doors=(Door("page households/<int:pk>/remove/", "households/{neighbour}/remove/"),),
        good={},
    ),
}

PAIRS = {
    "two households are paired": Write(
        rule=type(Pairing.objects.all()).begin,
        doors=(
            Door("page buildings/<int:pk>/", "buildings/{group}/"),
            Door("api POST api/v1/pairings", "api/v1/pairings"),
        ),
        good={"household": "{home}", "neighbour": "{neighbour}", "since": TODAY},
        bad=(
            ("没有党员居住，请选择党员家庭", {"household": "{other_neighbour}"}),
            ("是党员家庭，请选择群众家庭来结对", {"neighbour": "{home}"}),
            ("这户家庭已经结对，请先结束原来的结对", {"neighbour": "{taken}"}),
            ("日期不能晚于今天", {"since": TO_COME}),
        ),
    ),
    "many households are paired": Write(
        rule=pairing.pair_chosen,
        doors=(Door("page pairings/propose/<int:pk>/", "pairings/propose/{group}/"),),
        good={"pick": ["{neighbour}"], "household-{neighbour}": "{home}", "since": TODAY},
        bad=(
            ("请至少勾选一户", {"pick": []}),
            ("还没有选党员家庭", {"household-{neighbour}": ""}),
            ("日期不能晚于今天", {"since": TO_COME}),
        ),
    ),
    "a pair ends": Write(
        rule=Pairing.end,
        doors=(
            Door("page pairings/<int:pk>/", "pairings/{pairing}/"),
            Door("api POST api/v1/pairings/<int:pk>/end", "api/v1/pairings/{pairing}/end"),
        ),
        good={"on": TODAY},
        bad=(("日期不能晚于今天", {"on": TO_COME}), ("结束日期不能早于开始日期", {"on": "2010-01-01"})),
    ),
    "many pairs end": Write(
        rule=pairing.end_all,
        doors=(Door("page pairings/end/", "pairings/end/?pick={pairing}"),),
        good={"on": TODAY},
        bad=(("结束日期不能更早", {"on": "2010-01-01"}),),
    ),
    "a pair's days are corrected": Write(
        rule=Pairing.correct,
        doors=(Door("admin members.pairing change", "admin/members/pairing/{pairing}/change/"),),
        good={"since": "2021-01-01"},
        bad=(("不能晚于今天", {"since": TO_COME}),),
    ),
    "a pair is taken back": Write(
        rule=Pairing.undo,
        doors=(Door("page pairings/<int:pk>/undo/", "pairings/{pairing}/undo/"),),
        good={},
    ),
    "an ended pair goes on": Write(
        rule=pairing.resume,
        doors=(Door("page pairings/<int:pk>/resume/", "pairings/{ended}/resume/"),),
        good={},
    ),
    "a list of pairs leaves": Write(
        rule=audit.record,
        doors=(Door("page pairings/export/", "pairings/export/"),),
        good={"reason": "核对三月名单", "_": "{pairing}"},
        only_entry=True,
    ),
}

CONSENTS = {
    "a member's answer is recorded": Write(
        rule=consenting.record_answers,
        doors=(
            Door(
                "page consents/",
                "consents/?area={group}",
                body=lambda values: (
                    _named("means", "given_on")(values)
                    | {f"answer-{values['member']}": "yes" if values["is_agreed"] else "no"}
                ),
            ),
            Door("api POST api/v1/consents", "api/v1/consents"),
        ),
        good={"member": "{member}", "is_agreed": True, "means": "paper", "given_on": TODAY},
        bad=(("日期不能晚于今天", {"given_on": TO_COME}), ("日期太早了，请检查年份", {"given_on": "1990-01-01"})),
    ),
    "a member's refusal is recorded": Write(
        rule=consenting.record_answers,
        doors=(
            Door("page consents/", "consents/?area={group}", body=lambda values: _named("means", "given_on")(values)
                | {f"answer-{values['member']}": "no"}),
            Door("api POST api/v1/consents", "api/v1/consents"),
        ),
        good={"member": "{member}", "is_agreed": False, "means": "spoken", "given_on": TODAY},
    ),
    "an agreement is taken back": Write(
        rule=Consent.withdraw,
        doors=(
            Door("page consents/<int:pk>/withdraw/", "consents/{consent}/withdraw/"),
            Door("api POST api/v1/consents/<int:pk>/withdraw", "api/v1/consents/{consent}/withdraw"),
        ),
        good={},
    ),
}  # fmt: skip

USERS = {
    "a user is added": Write(
        rule=appointing.add_user,
        doors=(Door("admin members.user add", "admin/members/user/add/", body=lambda values: _with_post(values)),),
        good={"name": "赵敏", "username": "赵敏", "kind": "secretary", "area": "{community}", "since": "2024-01-01"},
        bad=(("这个登录名已有人使用", {"username": "jiedao"}),),
    ),
    "several users are added from a table": Write(
        rule=appointing.add_logins,
        doors=(Door("page users/table/create/", "users/table/create/", body=lambda values: {"text": _table(values)}),),
        good={"name": "钱小多", "kind": "社区书记", "place": "第一社区", "username": "qianduo", "of": "{community}"},
        bad=(
            ("这个登录名已有人使用", {"username": "jiedao"}),
            ("认不出来", {"kind": "大总管"}),
            ("审计不归您安排", {"kind": "审计"}),
            ("没有找到", {"place": "平城社区"}),
        ),
    ),
    "a superuser is added": Write(
        rule=appointing.add_user,
        doors=(Door("command createsuperuser", call=partial(_called_with, "createsuperuser")),),
        good={"username": "anzhuang", "name": "安装者"},
        bad=(("这个登录名已有人使用", {"username": "jiedao"}),),
    ),
    "a user is changed": Write(
        rule=appointing.change_user,
        doors=(Door("admin members.user change", "admin/members/user/{liaison}/change/"),),
        good={"name": "钱多多", "is_active": "on"},
        bad=(("这个登录名已有人使用", {"username": "jiedao"}),),
    ),
    "a post is given": Write(
        rule=appointing.set_post,
        doors=(
            Door(
                "admin members.user inline members.arearole add",
                "admin/members/user/{liaison}/change/",
                body=lambda values: (
                    {"is_active": "on", "roles-TOTAL_FORMS": "2", "roles-1-user": values["user"]}
                    | {f"roles-1-{name}": values[name] for name in ("kind", "area", "since")}
                ),
            ),
        ),
        good={"user": "{liaison}", "kind": "secretary", "area": "{community}", "since": "2024-01-01"},
        bad=(("区域要选社区", {"area": "{street}"}),),
    ),
    "a district's post is given in many streets": Write(
        rule=appointing.set_above,
        doors=(Door("page users/<int:pk>/streets/", "users/{street_officer}/streets/", who="superuser"),),
        good={"streets": ["{street}", "{other_street}"]},
        bad=(("请至少勾选一个街道", {"streets": []}), ("有的街道刚刚停用了", {"streets": ["{community}"]})),
    ),
    "a post ends": Write(
        rule=appointing.set_post,
        doors=(
            Door(
                "admin members.user inline members.arearole change",
                "admin/members/user/{twice_posted}/change/",
                body=lambda values: {"is_active": "on", "roles-0-until": values["until"]},
            ),
        ),
        good={"until": TODAY},
        bad=(("结束日期不能早于开始日期", {"until": "2001-01-01"}),),
    ),
    "a password is reset": Write(
        rule=resetting.reset_password,
        doors=(
            Door("page users/<int:pk>/password/", "users/{liaison}/password/"),
            Door("command changepassword", call=lambda rows, values: _called_with("changepassword", rows, ["lianluo"])),
        ),
        good={},
    ),
    "a lock-out ends": Write(
        rule=resetting.unlock,
        doors=(Door("page users/<int:pk>/unlock/", "users/{liaison}/unlock/"),),
        good={},
        only_entry=True,
    ),
    "an authenticator is taken away": Write(
        rule=second_factor.forget,
        doors=(
            Door("page users/<int:pk>/second-factor/", "users/{with_app}/second-factor/"),
            Door("command forget_second_factor", "{with_app}", call=_forgotten),
        ),
        good={},
    ),
    "a key is made": Write(
        rule=StaffToken.issue,
        doors=(Door("admin members.stafftoken add", "admin/members/stafftoken/add/"),),
        good={"label": "报表程序"},
        again="Each key is another one, and shown once.",
    ),
    "a token is revoked": Write(
        rule=AccessKey.revoke,
        doors=(Door("page tokens/<int:pk>/revoke/", "tokens/{key}/revoke/"),),
        good={},
    ),
}


def _with_post(values: Values) -> dict[str, Any]:
    post = {f"roles-0-{name}": values[name] for name in ("kind", "area", "since")}
    return _named("name", "username")(values) | post | {"roles-TOTAL_FORMS": "1"}


ROSTER = sheet(cells("诸葛静", 室号="502"))
UNNAMED = sheet({"同志": "诸葛静", "男女": "男", "楼组": "1号楼", "小区": "迎晖苑"})

ROSTERS = {
    "a roster is taken in": Write(
        rule=steps.take_in,
        doors=(
            Door("page roster/", "roster/", body=partial(_file, kept=("area",), name="名单.csv")),
        ),
        good={"area": "{street}", "content": ROSTER, "_": "{group}"},
        again="Each upload is read anew, by the tree as it is by then.",
    ),
    "a roster is written": Write(
        rule=steps.start_step,
        doors=(Door("page roster/<int:pk>/apply/", "roster/{upload}/apply/"),
               Door("page roster/<int:pk>/apply-good/", "roster/{upload}/apply-good/")),
        good={"confirmed": "on"},
    ),
    "a roster is brought in by command": Write(
        rule=steps.apply_step,
        doors=(Door("command import_roster", call=_roster),),
        good={"content": ROSTER, "_": "{group}"},
        again="Each upload is kept as an import; of people it adds none twice.",
    ),
    "the columns of a roster are named": Write(
        rule=stages.columns_step,
        doors=(
            Door(
                "page roster/<int:pk>/columns/",
                "roster/{unnamed}/columns/",
                body=lambda values: values["columns"],
            ),
        ),
        good={"columns": "{columns}"},
        again="A second answer finds the question settled.",
    ),
    "the columns of a roster are asked about again": Write(
        rule=stages.ask_columns_step,
        doors=(Door("page roster/<int:pk>/columns/again/", "roster/{upload}/columns/again/"),),
        good={},
    ),
    "a row in doubt is answered": Write(
        rule=steps.choose_step,
        doors=(
            Door(
                "page roster/<int:pk>/choose/",
                "roster/{doubtful}/choose/",
                body=lambda values: {f"choice-{values['row']}": values["answer"]},
            ),
        ),
        good={"row": "{row}", "answer": "new"},
    ),
    "an unknown address is settled": Write(
        rule=compounds.settle_compounds,
        doors=(
            Door(
                "page roster/<int:pk>/places/",
                "roster/{unknown}/places/",
                body=lambda values: {"name-1": "新华路99弄", "compound-1": values["compound"]},
            ),
        ),
        good={"compound": "{station}"},
    ),
    "a roster is given up": Write(
        rule=stages.discard_step,
        doors=(Door("page roster/<int:pk>/discard/", "roster/{upload}/discard/"),),
        good={},
    ),
    "a roster is taken back": Write(
        rule=steps.undo_step,
        doors=(Door("page roster/<int:pk>/undo/", "roster/{written}/undo/"),),
        good={},
    ),
    "what is past its time goes": Write(
        rule=retention.carry_out,
        doors=(Door("command purge", "{old_upload}", call=_purged),),
        good={},
    ),
}  # fmt: skip

WRITES: dict[str, Write] = AREAS | PEOPLE | EMPLOYERS | DOORS | PAIRS | CONSENTS | USERS | ROSTERS

# Doors that take a form but change no row of the product, and why.
NOWHERE = "It answers any method with 404: there is nothing of this name."
PRINTS = "It prints, and writes nothing."
LEADS = "It shows, and leads to pages that write: it reads no form itself."
WRITE_NOTHING: dict[str, str] = {
    **{f"api {method} api/v1/": NOWHERE for method in ("DELETE", "PATCH", "POST", "PUT")},
    **{f"command {name}": PRINTS for name in ("audit_heads", "coverage", "verify_audit", "verify_tree")},
    "page ": LEADS,
    "command check_figures": "It keeps counts of what is there; they can be counted anew.",
    "page trail/verify/": "It reads the trail, and leaves the result in it.",
    "command demo": "It makes a street of an empty installation, by the imports' own rules.",
    "command work": "It runs what others queued: their rules write.",
    "page second-factor/": "The authenticator is a row of django_otp, the rest is in the session and the trail.",
    "command setup": "It makes the street of an empty installation: tests/louzu/test_setup.py.",
    "page users/table/": "It only says what a table would add.",
    "page second-factor/codes/": "Recovery codes are rows of django_otp.",
}


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids and other values that this test's write refers to."""
    write = WRITES[request.getfixturevalue("write")]
    named = repr([[door.address for door in write.doors], write.good, write.bad])
    return {name: _row(request, name) for name in dict.fromkeys(re.findall(r"\{(\w+)\}", named))}


def _row(request: Any, name: str) -> Any:
    made = MADE[name](request.getfixturevalue) if name in MADE else request.getfixturevalue(name)
    return getattr(made, "pk", made)


Got = Callable[[str], Any]


def _household(got: Got, room: str) -> Household:
    there = Household.objects.filter(area=got("group"), room=room).first()
    return there or factories.household(got("group"), room)


def _home(got: Got) -> Household:
    return got("member") and _household(got, "302")


def _upload(got: Got, content: bytes = ROSTER) -> RosterImport:
    return got("group") and preview(content, got("street"), got("street_officer"))


def _old_upload(got: Got) -> RosterImport:
    upload = _upload(got)
    RosterImport.objects.filter(pk=upload.pk).update(created_at=timezone.now() - timedelta(days=400))
    return upload


def _doubtful(got: Got) -> RosterImport:
    there = RosterImport.objects.first()
    return there or (got("member") and _upload(got, sheet(cells("欧阳建国", 室号=""))))


def _unnamed(got: Got) -> RosterImport:
    there = RosterImport.objects.first()
    return there or (got("group") and preview(UNNAMED, got("street"), got("street_officer")))


def _columns(got: Got) -> dict[str, str]:
    return named_columns(_unnamed(got), {"同志": "name", "男女": "sex"}, affiliation="local")


def _with_app(got: Got) -> Any:
    TOTPDevice.objects.create(user=got("liaison"), name="app")
    return got("liaison")


def _twice_posted(got: Got) -> Any:
    factories.post(got("liaison"), PostKind.SECRETARY, got("community"))
    return got("liaison")


def _busy_member(got: Got) -> Member:
    got("member").duties.create(kind="helper", since="2024-01-01")
    return got("member")


MADE: Mapping[str, Callable[[Got], Any]] = {
    "unnamed": _unnamed,
    "columns": _columns,
    "move": lambda got: Move.objects.first() or moving.leave(got("member"), by=got("street_officer")),
    "residence": lambda got: got("member").home,
    "busy_member": _busy_member,
    "named": lambda got: naming.name_area(area=got("station"), text="仓场路66弄", kind="address"),
    "remembered": lambda got: RosterColumns.objects.create(
        area=got("street"), key="k", headings="同志、男女", columns={"0": "name"}, user=got("street_officer")
    ),
    "employer": lambda got: factories.employer(),
    "other_employer": lambda got: factories.employer("嘉定仪表总厂"),
    "called": lambda got: EmployerName.objects.create(
        name="仪表厂", employer=factories.employer(), street=got("street")
    ),
    "home": _home,
    "neighbour": lambda got: _household(got, "303"),
    "other_neighbour": lambda got: _household(got, "304"),
    "taken": lambda got: factories.pairing(_other_home(got), _household(got, "305")).neighbour,
    "pairing": lambda got: factories.pairing(_home(got), _household(got, "303")),
    "ended": lambda got: factories.pairing(
        _home(got), _household(got, "303"), until=timezone.localdate() - timedelta(days=1)
    ),
    "consent": lambda got: factories.consent(got("member")),
    "with_app": _with_app,
    "twice_posted": _twice_posted,
    "key": lambda got: StaffToken.issue(got("street_officer"), label="报表程序")[0],
    "upload": _upload,
    "written": lambda got: write(_upload(got)),
    "old_upload": _old_upload,
    "doubtful": _doubtful,
    "unknown": lambda got: _upload(got, sheet(cells("欧阳建国", 楼组="", 室号="", 家庭住址="新华路99弄1号302"))),
    "row": lambda got: steps.unseal_plan(_doubtful(got).plan).rows[0].key,
}


def _other_home(got: Got) -> Household:
    factories.person("曾爱国", got("group"), room="601")
    return _household(got, "601")
