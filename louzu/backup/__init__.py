"""Backups: one encrypted file made of a running database, restored onto an empty one, tried out each week."""
