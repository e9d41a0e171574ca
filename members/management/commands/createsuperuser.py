from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from members.ground.first_password import first_password
from members.rules.appointing import add_user

UNNAMED = "没有填登录名和姓名。可以写成 --username 登录名 --name 姓名。"


class Command(BaseCommand):
    """Add a superuser, who sets streets up; instead of Django's, which asks in English for a password."""

    help = "添加超级用户：只做初始设置（新建街道、开通街道的第一位用户），看不到党员"

    def add_arguments(self, parser):
        parser.add_argument("--username", help="登录名；不写就问")
        parser.add_argument("--name", help="姓名；不写就问")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="不提问")

    def handle(self, *, username, name, interactive, **options):
        if not interactive and not (username and name):
            raise CommandError(UNNAMED)
        try:
            username = username or input("登录名：").strip()
            name = name or input("姓名：").strip()
            made = first_password()
            user = add_user(made, username=username, name=name, is_superuser=True)
        except ValidationError as error:
            raise CommandError("".join(error.messages)) from error
        except EOFError as error:
            raise CommandError(UNNAMED) from error
        self.stdout.write(f"“{user}”的登录名是 {user.username}，初始密码是 {made.text}（只显示这一次）。")
