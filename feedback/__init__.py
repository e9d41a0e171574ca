"""What goes to the employer and comes back: record cards, receipts, answers, offers."""
