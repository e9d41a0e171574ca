"""Spans of days."""
