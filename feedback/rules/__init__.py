"""The life of a record card, step by step; offers, keys and inboxes."""
