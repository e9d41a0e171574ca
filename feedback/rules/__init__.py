"""Rules of record cards, step by step, and of offers, keys and inboxes."""
