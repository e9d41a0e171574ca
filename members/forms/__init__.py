"""Forms of the pages and the admin, a file a noun."""
