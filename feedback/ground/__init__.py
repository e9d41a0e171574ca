"""A card's period, and posting to an address outside."""
