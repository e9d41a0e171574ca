"""What templates look up, and what empty pages say."""

from html import escape

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from members.rules.beginning import first_thing

register = template.Library()


@register.filter
def lookup(mapping, key):
    """The value of a key that a template variable holds; nothing where there is none."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def share(value):
    """A rate as per cent; a dash where there is nothing to divide by."""
    return "—" if value is None else f"{value:.1%}"


@register.simple_tag
def figure_cells(cells):
    """The cells of a table's row, each a figure and a smaller one below it or "".

    By Python: for the rows of a hundred streets a template takes ten times as long.
    """
    escaped = [(escape(figure), f"<small>{escape(small)}</small>" if small else "") for figure, small in cells]
    return mark_safe("\n".join(f'<td class="lz-number">{figure}{small}</td>' for figure, small in escaped))  # noqa: S308


@register.simple_tag
def thin_items(lines):
    """The items of a list: a place's name, its link or None, and what is thin there. By Python, as `figure_cells`."""
    named = (
        (format_html('<a href="{}">{}</a>' if link else "<b>{1}</b>", link, place.name), sentence)
        for place, link, sentence in lines
    )
    return format_html_join("\n", "<li>{}：{}。</li>", named)


@register.inclusion_tag("members/first.html", takes_context=True)
def what_first(context):
    """What has to be there before this empty page can be filled, with its button; nothing where it is there."""
    return {"first": first_thing(context["request"].user)}
