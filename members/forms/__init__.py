"""Forms of the pages and the admin, one file for each noun."""
