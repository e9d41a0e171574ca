"""The pages of what happens in a street."""
