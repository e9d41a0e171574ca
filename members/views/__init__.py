"""Pages that are no list of a table: the roster, moving house, small confirmations."""
