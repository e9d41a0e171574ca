import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, IntegrityError

from louzu import installing
from louzu.installing import Question, Refused
from members.ground.first_password import FirstPassword, first_password
from members.ground.login_names import suggested
from members.models import User
from members.rules.appointing import STREET_THERE, open_street

OTHERWISE = "{file} 里写的和 --{option} 不一样，什么都没有改：请改那个文件，或者把它移走再运行。"


class Command(BaseCommand):
    """Set an installation up: ask five things, write the settings file, build the database, open the street.

    Whatever a run that was cut off has done stays, and the next run goes on from there. Where the database has a
    street, nothing is changed. The second half runs in a process of its own, which reads the new settings.
    """

    help = "第一次安装：问五件事，写好设置，建好数据库、街道和第一位用户。可以反复运行：没装完的接着装，装好的不改"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--defaults", action="store_true", help="不提问：没有写明的都用默认值")
        parser.add_argument("--address", help="网址，如 https://louzu.example.cn；只在本机用就不写")
        parser.add_argument("--database", help="数据库，如 postgres://用户:密码@主机/库名；不写就用内置的")
        parser.add_argument("--backups", help="备份放在哪个文件夹")
        parser.add_argument("--street", help="街道名称")
        parser.add_argument("--name", help="第一位用户的姓名")
        parser.add_argument("--username", help="第一位用户的登录名；不写就按姓名的拼音")

    def handle(self, **options):
        try:
            if settings.ENV_FILE.exists():
                self._finish(options)
            else:
                self._begin(options)
        except installing.StreetThere as reason:
            self.stdout.write(f"{reason}忘了密码，运行：python manage.py changepassword 登录名")
        except Refused as reason:
            raise CommandError(str(reason)) from reason
        except (EOFError, KeyboardInterrupt) as end:
            raise CommandError("没有答完，还没有装好。再运行一次就可以接着装；写上 --defaults 就不提问。") from end

    def _begin(self, options):
        """Write the settings file from the answers, then go on in a process that reads it."""
        installing.database_settings(os.environ.get("DATABASE_URL", ""))
        chosen = {}
        for question in installing.questions():
            chosen |= self._answer(question, options)
        office = {question.option: self._answer(question, options) for question in installing.office_questions()}
        installing.write_settings(chosen)
        self.stdout.write(f"设置和密钥写在 {settings.ENV_FILE}。")
        self.stdout.flush()
        given = [f"--{name}={value}" for name, value in (office | {"username": options["username"]}).items() if value]
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "setup", "--defaults", *given]
        around = {name: value for name, value in os.environ.items() if name not in chosen}
        if ended := subprocess.run(command, env=around, check=False).returncode:
            sys.exit(ended)

    def _require_as_written(self, options):
        """Refuse an option that says other than the settings file: it would change nothing."""
        for question in installing.questions():
            given = options[question.option]
            if given and any(os.environ.get(name) != value for name, value in question.check(given.strip()).items()):
                raise Refused(OTHERWISE.format(file=settings.ENV_FILE, option=question.option))

    def _finish(self, options):
        """Build the database and open the street, with the settings that are written down."""
        try:
            if street := installing.street_here():
                raise installing.StreetThere(installing.THERE.format(street))
        except DatabaseError as error:
            raise CommandError(f"{installing.AWAY}它写在 {settings.ENV_FILE} 里。") from error
        self._require_as_written(options)
        office = {question.option: self._answer(question, options) for question in installing.office_questions()}
        self.stdout.write("正在建立数据库，大约半分钟……")
        self.stdout.flush()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        taken = set(User.objects.values_list("username", flat=True))
        username = options["username"] or suggested(office["name"], taken)
        made = first_password()
        try:
            user = open_street(office["street"], made, name=office["name"], username=username)
        except ValidationError as error:
            raise CommandError("".join(error.messages)) from error
        except IntegrityError as error:
            raise CommandError(STREET_THERE) from error
        self._say_what_next(user, made, office["street"])

    def _answer(self, question: Question, options):
        """Return the checked answer: by the option, the default, or what is typed, which is asked again if wrong."""
        given = options[question.option]
        if given is None and options["defaults"]:
            given = question.default
        if given is not None:
            return question.check(given.strip())
        while True:
            usual = f"［回车就是：{question.default}］" if question.default else ""
            try:
                return question.check(input(f"{question.text}{usual}：").strip() or question.default)
            except installing.StreetThere:
                raise
            except Refused as reason:
                self.stdout.write(str(reason))

    def _say_what_next(self, user: User, made: FirstPassword, street: str):
        """Say how the user comes in, what to start, and what to keep where."""
        bound = ""
        address = (settings.CSRF_TRUSTED_ORIGINS or ["http://127.0.0.1:8000"])[0]
        if settings.CSRF_TRUSTED_ORIGINS and not settings.HTTPS:
            bound = f" --bind 0.0.0.0:{address.rpartition(':')[2] if address.count(':') > 1 else 80}"
        start = f"{Path(sys.executable).parent / 'gunicorn'} --chdir {settings.BASE_DIR} louzu.wsgi{bound}"
        if os.name == "nt":
            listen = f"*:{bound.rpartition(':')[2]}" if bound else "127.0.0.1:8000"
            start = (
                f"cd /d {settings.BASE_DIR} && {Path(sys.executable).parent / 'waitress-serve'} --listen={listen}"
                " --threads=8 --max-request-body-size=67108864 --no-clear-untrusted-proxy-headers"
                " louzu.wsgi:application"
            )
        lines = [
            f"“{street}”装好了。",
            f"  网址　　　{address}/",
            f"  登录名　　{user.username}",
            f"  初始密码　{made.text}（只显示这一次，首次登录须修改）",
            "接下来：",
            f"  1. 启动网站：{start}",
            "  2. 打开上面的网址登录，首页会一步一步带着您做：组织架构表、书记、花名册、第一次活动。",
        ]
        if not settings.EMBEDDED:
            lines.append(f"     另外再启动：{sys.executable} {settings.BASE_DIR / 'manage.py'} work")
        if settings.HTTPS:
            lines.append("     前面要有一个管 HTTPS 的代理（nginx 等），转到 127.0.0.1:8000，见 README 的 Deploy。")
        self.stdout.write("\n".join([*lines, *_about_backups()]))


def _about_backups() -> list[str]:
    lines = [
        f"  3. 网站开着，每天夜里自动备份到 {settings.BACKUP_TO}，每周试恢复一次；马上备份，运行 manage.py backup。",
        f"     {settings.ENV_FILE} 里有密钥，没有它备份打不开：另外抄一份，不要和备份放在一起。",
    ]
    if not settings.EMBEDDED:
        lines.append("     备份要用 pg_dump：请装好 postgresql-client，不能比数据库的版本旧。")
    return lines
