"""The admin pages of activities; each is limited to the user's scope."""

from activities.admin import activities, honours, needs, reminders, visits

__all__ = ["activities", "honours", "needs", "reminders", "visits"]
