"""Checks of this installation for `check --deploy`: an error where it must not go into service as it is."""

from django.core.checks import CheckMessage, Error, Tags, Warning, register

from louzu.rules import health
from louzu.rules.findings import HealthState

# The numbers stay: they may be silenced by them.
NUMBERS = {
    "keys_apart": "001",
    "hosts": "003",
    "debug": "004",
    "database": "005",
    "migrations": "006",
    "keys_fit": "007",
    "worker": "008",
    "backup": "009",
}
ALWAYS_ERRORS = {"hosts"}  # on one machine it is as it should be, but nothing is deployed so


@register(Tags.security, deploy=True)
def installation_is_sound(app_configs, **kwargs) -> list[CheckMessage]:
    rows = health.found(tuple(NUMBERS))
    return [_message(each) for each in rows if each.finding.state > HealthState.OK]


def _message(each: health.Found) -> CheckMessage:
    is_error = each.is_bad or each.name in ALWAYS_ERRORS
    kind, letter = (Error, "E") if is_error else (Warning, "W")
    found = each.finding
    text = f"{found.sentence}（{found.detail}）" if found.detail else found.sentence
    return kind(text, hint=found.what_to_do, id=f"louzu.{letter}{NUMBERS[each.name]}")
