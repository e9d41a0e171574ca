"""After a backup was restored: what was taken back since stays taken back, and employers begin their feeds anew."""

from collections import Counter

from feedback.feed import feed
from feedback.models import Feed, NumberSeries, senders
from feedback.rules import withdrawing
from members.ground import audit
from members.ground.atomic import atomic_write
from members.models import journal


def listen_to_the_journal() -> None:
    """Take part in what the journal restores; consents come first, so that cards fall with them."""
    journal.register(withdrawing.JOURNAL, withdrawing.withdraw_again)
    journal.register(senders.JOURNAL, NumberSeries.go_on_behind)
    journal.after_restore(restart_feeds)


def restart_feeds() -> int:
    """Begin every feed anew, on record in each street; return how many."""
    with atomic_write():
        feeds = feed.start_over()
        for path, count in Counter(each.street.path for each in feeds).items():
            audit.record("change", Feed, path=path, changes={"feeds": count})
    return len(feeds)
