"""Background tasks: queued here, worked here."""
