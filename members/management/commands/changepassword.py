from django.core.management.base import BaseCommand, CommandError

from members.ground.first_password import first_password
from members.login import resetting
from members.models import User


class Command(BaseCommand):
    """Give a user a first password; instead of Django's, which speaks English."""

    help = "忘了密码：给一个新的初始密码（超级用户、街道唯一的用户用；别的用户由街道在“用户”里办理）"

    def add_arguments(self, parser):
        parser.add_argument("username", help="登录名")

    def handle(self, *, username, **options):
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"没有登录名为“{username}”的用户。")
        made = first_password()
        resetting.reset_password(user.pk, made, by=None)
        self.stdout.write(f"“{user}”的新密码是 {made.text}（只显示这一次，首次登录须修改）。")
