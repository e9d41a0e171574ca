"""Pages of cards and offers: for the office, members, units and the public."""
