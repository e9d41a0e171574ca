"""The forms of pages that need all apps."""
