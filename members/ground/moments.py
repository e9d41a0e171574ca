"""The moments at which days begin, in local time."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone


def midnight(day: date) -> datetime:
    """Return the first moment of a day."""
    return timezone.make_aware(datetime.combine(day, time.min))


def moments_of(first: date, last: date) -> tuple[datetime, datetime]:
    """Return the first moment of the days from the first to the last, and the first one after them."""
    return midnight(first), midnight(last + timedelta(days=1))
