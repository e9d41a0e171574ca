"""Whether a member's birth date and day of joining can be true. Of a month or a year only what is certain counts.

Whether somebody was of age is judged by a whole day of joining: months and years of joining are often copied wrong, and
`rosters/dirty.xlsx` takes them.
"""

from datetime import date

OF_AGE = 18  # years, on the day of joining the party
OLDEST = 110  # years
DAY = len("2003-07-01")

BEFORE_BIRTH = "入党时间早于出生年月，请核对后改正"
TOO_YOUNG = "按出生年月今天还不满 18 周岁，党员都已年满 18 周岁，请核对后改正"
JOINED_TOO_YOUNG = "按出生年月，入党时还不满 18 周岁，请核对出生年月和入党时间后改正"
TOO_OLD = "按出生年月已经超过 110 岁，请核对后改正；已去世的请从名单中删去或办理迁出"


def implausible(birth: str, since: str, *, today: date) -> tuple[str, str] | None:
    """Return (the field, a sentence) where such dates cannot be those of a member, else None.

    Each date is a day, a month or a year in ISO form, or "" where it is not known.
    """
    if not birth:
        return None
    born = int(birth[:4])
    if OF_AGE < today.year - born < OLDEST and (not since or int(since[:4]) - born > OF_AGE):
        return None  # as nearly all of them are
    shared = min(len(birth), len(since))
    if since[:shared] < birth[:shared]:
        return "party_since", BEFORE_BIRTH
    if _last(birth, OLDEST) < today.isoformat():
        return "birth_date", TOO_OLD
    if _first(birth, OF_AGE) > today.isoformat():
        return "birth_date", TOO_YOUNG
    if len(since) == DAY and since < _first(birth, OF_AGE):
        return "party_since", JOINED_TOO_YOUNG
    return None


def _first(text: str, years: int) -> str:
    """Return the first day that the text may mean, so many years later, to compare as text."""
    return f"{int(text[:4]) + years:04}{text[4:]}{'-01-01'[len(text) - 4 :]}"


def _last(text: str, years: int) -> str:
    """Return the last day that the text may mean, as `_first` does."""
    return f"{int(text[:4]) + years:04}{text[4:]}{'-12-31'[len(text) - 4 :]}"
