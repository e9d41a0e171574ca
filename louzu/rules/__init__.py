"""Figures and writes that need all apps."""
