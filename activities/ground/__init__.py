"""The lowest floor of activities: spans of days."""
