"""What everything stands on; no word of the domain in it."""
