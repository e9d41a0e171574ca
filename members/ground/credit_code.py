"""The credit code of an organisation 统一社会信用代码 (GB 32100): 18 characters, the last a check of the others."""

from stdnum.cn import uscc

WRONG = "统一社会信用代码不对：应为 18 位且校验相符，请核对后重新填写，不清楚可以留空"


def is_credit_code(text: str) -> bool:
    return bool(uscc.is_valid(text))
