"""What the roster's templates look up."""

from django import template

register = template.Library()


@register.filter
def lookup(mapping, key):
    """The value of a key that a template variable holds; nothing where there is none."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def share(value):
    """A rate as per cent; a dash where there is nothing to divide by."""
    return "—" if value is None else f"{value:.1%}"
