from django.core.management.base import BaseCommand, CommandError

from members.ground.atomic import atomic_write
from members.login import second_factor
from members.models import User


class Command(BaseCommand):
    """Forget the second factor of a user whose phone was lost; for the superuser, whom no other user can help."""

    help = "验证器的手机丢了：下次登录时重新设置（超级用户用；别的用户由街道在“用户”里办理）"

    def add_arguments(self, parser):
        parser.add_argument("username")

    def handle(self, *, username, **options):
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"没有登录名为“{username}”的用户。")
        with atomic_write():
            second_factor.forget(user)
        self.stdout.write(f"“{user}”下次登录时重新设置验证器；已经登录的都已退出，接口密钥都已停用。")
