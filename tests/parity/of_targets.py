"""The writes of targets."""

from typing import Any

from django.utils import timezone

from louzu.models import Target
from louzu.models.targets import NOT_A_NUMBER
from louzu.rules import targets
from louzu.rules.targets import ONLY_SOON
from tests.parity.asking import Door, Values, Write

YEAR = timezone.localdate().year


def _by_page(values: Values) -> dict[str, Any]:
    cells = {targets.cell_name(pk, kind): "" if value is None else value for pk, kind, value in values["cells"]}
    return {"year": values["year"], **cells}


def _by_api(values: Values) -> dict[str, Any]:
    cells = [{"area": pk, "kind": kind, "value": value} for pk, kind, value in values["cells"]]
    return {"year": values["year"], "targets": cells}


def _cells(*values: Any) -> list[tuple[str, str, Any]]:
    return [("{community}", kind, value) for kind, value in zip(Target.Kind.values, values, strict=True)]


WRITES = {
    "targets are set": Write(
        rule=targets.set_targets,
        doors=(
            Door("page targets/<int:pk>/edit/", "targets/{street}/edit/", body=_by_page),
            Door("api PUT api/v1/targets/<int:pk>", "api/v1/targets/{street}", body=_by_api),
        ),
        good={"year": YEAR, "cells": _cells(12, 2, None)},
        bad=(
            *((NOT_A_NUMBER, {"cells": _cells(12, value, 3)}) for value in (0, -1, 10_000, "十二", "9" * 30)),
            (ONLY_SOON, {"year": YEAR - 1}),
            (ONLY_SOON, {"year": YEAR + 2}),
        ),
    ),
}


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids that the writes refer to."""
    return {name: request.getfixturevalue(name).pk for name in ("street", "community")}


WRITE_NOTHING: dict[str, str] = {}
