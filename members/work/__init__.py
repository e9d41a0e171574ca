"""Background tasks: queuing them, and the worker."""
