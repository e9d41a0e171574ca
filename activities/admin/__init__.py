"""The admin of what happens in a street, by noun; every page of it is scoped by the user's posts."""

from activities.admin import activities, honours, needs, visits

__all__ = ["activities", "honours", "needs", "visits"]
