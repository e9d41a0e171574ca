"""Logging in and choosing a password."""

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm


class LoginForm(AuthenticationForm):
    """Lets every active user in; without a post, the landing page says whom to ask."""

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active:
            raise self.get_invalid_login_error()


class AnotherThanBefore:
    """Refuses the old password as the new one: whoever set the first one still knows it."""

    def validate(self, password: str, user: Any = None) -> None:
        if user is not None and user.pk and user.check_password(password):
            raise ValidationError("新密码不能和原来的一样。")

    def get_help_text(self) -> str:
        return "不能和原来的密码一样。"
