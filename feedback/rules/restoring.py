"""After a restored backup: what was withdrawn or held back since is so again, and every feed starts over."""

from collections import Counter

from feedback.feed import feed
from feedback.models import Feed, NumberSeries, senders
from feedback.rules import holding, slips_closing, withdrawing
from members.ground import audit
from members.ground.atomic import atomic_write
from members.models import journal


def listen_to_the_journal() -> None:
    """Register what the journal replays after a restore; consents come first, as cards are withdrawn with them."""
    journal.register(withdrawing.JOURNAL, withdrawing.withdraw_again)
    journal.register(slips_closing.JOURNAL, slips_closing.withdraw_again)
    journal.register(senders.JOURNAL, NumberSeries.go_on_behind)
    journal.register(holding.JOURNAL, holding.hold_again)
    journal.after_restore(restart_feeds)


def restart_feeds() -> int:
    """Start every feed over, with an audit entry in each street; return how many. Nothing waits to leave."""
    with atomic_write():
        holding.hold_all()
        feeds = feed.start_over()
        for path, count in Counter(each.street.path for each in feeds).items():
            audit.record("change", Feed, path=path, changes={"feeds": count})
    return len(feeds)
