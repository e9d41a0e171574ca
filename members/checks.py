"""Checks of this installation for `check --deploy`, beyond Django's own."""

from django.conf import settings
from django.core.checks import Tags, Warning, register


@register(Tags.security, deploy=True)
def proxies_are_named(app_configs, **kwargs):
    if not any(text.strip().isdecimal() and int(text) for text in settings.PROXIES):
        return []
    hint = "Write their addresses or networks: LOUZU_PROXIES=127.0.0.1,10.0.0.0/8 (.env.example)."
    message = "LOUZU_PROXIES says how many proxies there are, not which: whoever gets past them can forge an address."
    return [Warning(message, hint=hint, id="louzu.W002")]


@register(Tags.security, deploy=True)
def security_contacts_are_addresses(app_configs, **kwargs):
    wrong = [text for text in settings.SECURITY_CONTACT if not text.startswith(("mailto:", "tel:", "https://"))]
    hint = "Write mailto:, tel: or https:// before each (.env.example)."
    return [Warning(f"LOUZU_SECURITY_CONTACT names no address: {text}", hint=hint, id="louzu.W020") for text in wrong]
