"""The feed that employers read, the messages that announce it, and receipts."""
