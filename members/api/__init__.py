"""The REST API for staff: the rows, rights and rules of the pages (design: cards, "REST for the office itself")."""
