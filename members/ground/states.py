"""Rows with a status: a table says which transitions are allowed, and of two people only one can win."""

from typing import Any, NoReturn

from django.db import models


class Conflict(Exception):
    """The row is not in a status that allows the transition; perhaps somebody else was faster."""


class WithStatus(models.Model):
    """A model whose `status` changes only through `advance()`, as its `TRANSITIONS` allow: {from: {to, …}}."""

    TRANSITIONS: dict[str, set[str]] = {}
    status = models.CharField("状态", max_length=10)

    class Meta:
        abstract = True

    def advance(self, to: str, *, only_from: str = "", **values: Any) -> None:
        """Save the row in its new status, if the stored one allows it; the loser of a race gets Conflict.

        Where several statuses lead to the new one, `only_from` names the one that is meant. The caller opens the
        transaction: the row stays locked in it, so that the save can leave its audit entry.
        """
        allowed = [
            status for status, targets in self.TRANSITIONS.items() if to in targets and only_from in ("", status)
        ]
        rows = type(self)._default_manager.filter(pk=self.pk, status__in=allowed)
        if not rows.update(status=to, **values):
            self._refuse()
        for name, value in {"status": to, **values}.items():
            setattr(self, name, value)
        self._moved(["status", *values])

    def _moved(self, names: list[str]) -> None:
        """Save what the move changed once more, for its audit entry and history."""
        self.save(update_fields=names)

    def lock(self, *names: str) -> None:
        """Lock the row until the transaction ends, and read its state and these fields as they now are."""
        rows = type(self)._default_manager.select_for_update(no_key=True)
        self.refresh_from_db(fields=["status", *names], from_queryset=rows)

    def lock_if(self, status: str) -> None:
        """Lock the row until the transaction ends, if its stored status is this one; else raise Conflict."""
        if not type(self)._default_manager.filter(pk=self.pk, status=status).update(status=status):
            self._refuse()

    def _refuse(self) -> NoReturn:
        self.refresh_from_db(fields=["status"])
        raise Conflict(f"“{self}”现在是“{self.get_status_display()}”，不能再做这一步。请刷新页面看看。")  # type: ignore[attr-defined]
