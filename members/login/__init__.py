"""Logging in: passwords, the second factor, tokens, the lock-out, and the middleware of each request."""
