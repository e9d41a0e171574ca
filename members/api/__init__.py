"""The REST API for staff: the rows, rights and rules of the pages.

Source: docs/design/cards.md, "REST for the office itself".
"""
