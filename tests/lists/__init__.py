"""Lists that somebody else made: each file of `cases/` and `addresses/` has its right outcome beside it."""
