"""How whoever made a write takes it back, by its entry in the audit trail; each app registers its own in its `ready()`.

Nothing is decided here but what the page offers: the rule behind the address decides once more.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from django.urls import reverse

Model = type[Any]
NO_WAY = "没有一步撤销，请打开它修改。"
NO_WAY_AFTER = {"delete": "去掉的不能恢复，需要的请重新登记。", "undo": "已经撤销的导入，需要的请重新上传。"}


class WayBack(NamedTuple):
    """The button that takes a write back, or, in `why_not`, why there is none.

    `url` takes a POST; where the page has to ask something first (`asks`), it is opened instead. With `whole` it takes
    back everything that was written with it, or the reason stands for all of that.
    """

    label: str = ""
    url: str = ""
    asks: bool = False
    whole: bool = False
    why_not: str = ""


# Takes the entry and its row's present state (see `row_names`; None where the row is gone or out of reach). None means
# that this finder has nothing to say.
Finder = Callable[[Any, str | None], WayBack | None]

_finders: dict[tuple[str, str], list[Finder]] = defaultdict(list)


def register(model: Model, action: str, finder: Finder) -> None:
    """Let this finder answer for entries of this action on the model; the first one that answers is heard."""
    if finder not in _finders[model._meta.label, action]:
        _finders[model._meta.label, action].append(finder)


def way_back(entry: Any, state: str | None) -> WayBack:
    """Return how the entry's write is taken back."""
    answers = (find(entry, state) for find in _finders.get((entry.model, entry.action), []))
    return next((answer for answer in answers if answer), no_way(NO_WAY_AFTER.get(entry.action, NO_WAY)))


def by(label: str, name: str, *args: Any, asks: bool = False, whole: bool = False) -> WayBack:
    """Return the way back through the view of this name."""
    return WayBack(label=label, url=reverse(name, args=args), asks=asks, whole=whole)


def no_way(reason: str, *, whole: bool = False) -> WayBack:
    return WayBack(why_not=reason, whole=whole)
