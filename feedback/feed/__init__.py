"""What employers are told: the feed, its messages and receipts."""
