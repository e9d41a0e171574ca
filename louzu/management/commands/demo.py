import threading
import webbrowser
from datetime import timedelta

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.utils import timezone
from waitress import create_server

from louzu.demo.cards import key_to_try, send_cards, two_employers
from louzu.demo.slips import send_demo_slips
from louzu.demo.street import STREET, areas_workbook, roster_workbook
from louzu.demo.year import build_year
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.models import Area, AreaRole, Member, RosterImport, User
from members.roster import steps
from members.roster.tree import import_tree, street_named
from members.work import jobs

LOGINS = [
    ("街道办", "张敏", PostKind.STREET, Area.Level.STREET),
    ("书记", "李慧", PostKind.SECRETARY, Area.Level.COMMUNITY),
    ("联络员", "王强", PostKind.LIAISON, Area.Level.STATION),
    ("楼组长", "赵芳", PostKind.LEADER, Area.Level.BUILDING_GROUP),
    ("指导员", "陈刚", PostKind.INSTRUCTOR, Area.Level.COMMUNITY),
    ("审计", "周洁", PostKind.AUDITOR, Area.Level.STREET),
]
IN_POST_FOR = timedelta(days=365)  # who acts in the demonstration year held the post then


class Command(BaseCommand):
    """Make a street with the paper's figures by the real import, a year of it and a login for each kind of post.

    Then serve it on this machine.
    """

    help = "建立演示街道并在本机打开"

    def add_arguments(self, parser):
        parser.add_argument("--no-serve", action="store_true", help="只建立数据，不启动网站")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--open", action="store_true", help="启动后打开浏览器")

    def handle(self, *, no_serve, port, **options):
        call_command("migrate", verbosity=0)
        if Area.objects.filter(is_demo=True).exists():
            self.stdout.write("演示街道已经在了，直接使用原来的数据和密码。忘了密码就删掉 var 文件夹，重新建立。")
        elif Area.objects.exists():
            raise CommandError("数据库里已有真实数据，不在其中建立演示街道。请把 LOUZU_VAR 指到一个空文件夹。")
        else:
            with atomic_write():  # a run that is killed half-way leaves nothing
                logins = self._build()
            self.stdout.write("\n".join([*logins, "以上密码和密钥只显示这一次，首次登录须修改密码。"]))
        if not no_serve:
            self._serve(port, options["open"])

    def _build(self) -> list[str]:
        """Make the street and return lines with its logins."""
        self.stdout.write(f"正在建立{STREET}：8 个社区、873 个楼组、5200 名党员，全部是编造的……")
        import_tree(areas_workbook(), street=street_named(STREET), today=timezone.localdate())
        street = Area.objects.streets().get()
        street.is_demo = True
        street.save()
        self._bring_in_roster(street)
        logins = [
            f"  {PostKind(kind).label}\t登录名 {username}\t初始密码 {password}"
            for username, name, kind, level in LOGINS
            for password in [make_login(username, name, kind, Area.objects.filter(level=level)[0])]
        ]
        self.stdout.write("正在编写它的一年：结对和走访、活动和参加、群众需求、评优……")
        build_year(street, today=timezone.localdate())
        self.stdout.write("正在生成半年的记录卡，发给单位，等单位反馈……")
        send_cards(street, today=timezone.localdate())
        key, username, password = two_employers(street)
        by = {name: User.objects.get(username=login) for name, login in (("officer", "街道办"), ("secretary", "书记"))}
        slips_key = send_demo_slips(street, **by)
        return [
            *logins,
            f"  单位联系人\t登录名 {username}\t初始密码 {password}",
            f"  单位系统的接口密钥\t{key}",
            f"  另一个单位的接口密钥（发报到单）\t{slips_key}",
            f"  给程序员试用的测试密钥\t{key_to_try(street)}",
        ]

    def _bring_in_roster(self, street: Area) -> None:
        roster = RosterImport(area=street, file_name="演示花名册.xlsx")
        roster.file = roster_workbook()
        roster.save()
        steps.read_step(roster)
        roster.advance(RosterImport.Status.APPLYING)
        steps.apply_step(roster, only_good=False)
        if roster.status != RosterImport.Status.APPLIED:
            raise CommandError(f"演示花名册没有写入：{roster.message}")

    def _serve(self, port: int, open_browser: bool) -> None:
        connection.close()
        try:
            server = create_server(get_wsgi_application(), host="127.0.0.1", port=port, threads=8)
        except OSError as error:
            raise CommandError(f"端口 {port} 用不了，可能已被占用。请换一个，如 --port {port + 1}。") from error
        url = f"http://127.0.0.1:{port}/"
        self.stdout.write(f"网站已启动：{url}（按 Ctrl+C 停止）")
        self.stdout.flush()
        if open_browser:
            threading.Timer(1, webbrowser.open, [url]).start()
        jobs.start()
        try:
            server.run()
        except KeyboardInterrupt:
            server.close()


def make_login(username: str, name: str, kind: str, area: Area) -> str:
    """Make a user with one post and return the password of the first login."""
    user = User(username=username, name=name)
    password = user.set_first_password()
    with atomic_write():
        if kind == PostKind.LEADER:
            user.member = Member.objects.filter(residences__area=area, residences__joined_on__isnull=False).first()
        user.save()
        AreaRole.objects.create(user=user, area=area, kind=kind, since=timezone.localdate() - IN_POST_FOR)
    return password
