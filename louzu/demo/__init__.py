"""The demonstration street: made-up data, read in by the real import."""
