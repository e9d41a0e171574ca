"""The demonstration street: made up, brought in through the real import."""
