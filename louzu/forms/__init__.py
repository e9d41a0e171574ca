"""The forms of louzu's own pages, a file a noun."""
