"""A year, a half, a quarter, a month: in what is written and in what is meant."""

from datetime import date

import pytest

from feedback.ground.periods import CardPeriod


@pytest.mark.parametrize(
    ("code", "first", "last", "label"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "2026年"),
        ("2026H1", date(2026, 1, 1), date(2026, 6, 30), "2026年上半年"),
        ("2026H2", date(2026, 7, 1), date(2026, 12, 31), "2026年下半年"),
        ("2024Q1", date(2024, 1, 1), date(2024, 3, 31), "2024年第一季度"),
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31), "2026年第四季度"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024年2月"),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31), "2026年12月"),
    ],
)
def test_a_code_is_read_and_written(code: str, first: date, last: date, label: str) -> None:
    period = CardPeriod.read(code)
    assert (period.first, period.last, period.code, period.label) == (first, last, code, label)


@pytest.mark.parametrize("code", ["", "26H1", "2026H3", "2026Q5", "2026-13", "2026-1", "２０２６", "2026H1 ", "1926H1"])
def test_anything_else_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=code.strip() or "^$"):
        CardPeriod.read(code)


@pytest.mark.parametrize("months", [1, 3, 6, 12])
def test_periods_follow_each_other_without_a_gap(months: int) -> None:
    period = CardPeriod.on(date(2026, 8, 20), months=months)
    assert period.first <= date(2026, 8, 20) <= period.last
    assert period.months == months
    assert (period.next.first - period.last).days == 1
    assert period.next.previous == period
