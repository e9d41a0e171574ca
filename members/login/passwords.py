"""Logging in and choosing a password."""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

FIRST_IS_OVER = "初始密码过了期限，不能再用。请管理员在“用户”里点“重设密码”，再给您一个。"
# What whoever knows the office tries first: the product, the house, the posts.
OFFICE = (
    "louzu", "loudong", "louzuzhang", "dangjian", "dangyuan", "dangwei", "dangzhibu", "zhibu", "shuji", "jiedao",
    "shequ", "juwei", "xiaoqu", "xinchenglu", "admin", "password", "mima", "woaini", "huanying", "qwerty",
    "楼组", "党建", "党员", "党委", "支部", "书记", "街道", "社区", "居委", "小区", "管理员", "密码",
)  # fmt: skip
OFFICE_WORDS = re.compile("|".join(sorted(OFFICE, key=len, reverse=True)))
OWN_LETTERS = 4


class LoginForm(AuthenticationForm):
    """Lets every active user in; without a post, the landing page says whom to ask."""

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active:
            raise self.get_invalid_login_error()
        if user.is_first_password_over:
            raise ValidationError(FIRST_IS_OVER, code="first_password_over")


class OfficeWords:
    """Refuses an office's own words with digits and signs around them, such as dangjian2026."""

    def validate(self, password: str, user: Any = None) -> None:
        text = unicodedata.normalize("NFKC", password).casefold()
        rest, found = OFFICE_WORDS.subn("", text)
        if found and sum(map(str.isalpha, rest)) < OWN_LETTERS:
            raise ValidationError("密码里只有“党建”“书记”这类常用的词或拼音和数字，容易被猜到。请再加几个别的字。")

    def get_help_text(self) -> str:
        return "不能只有“党建”“书记”这类常用的词或拼音和数字。"


class AnotherThanBefore:
    """Refuses the old password as the new one: whoever set the first one still knows it."""

    def validate(self, password: str, user: Any = None) -> None:
        if user is not None and user.pk and user.check_password(password):
            raise ValidationError("新密码不能和原来的一样。")

    def get_help_text(self) -> str:
        return "不能和原来的密码一样。"
