"""What stands in the way of a backup or a restore."""


class BackupTrouble(Exception):
    """A backup or a restore that cannot be carried out; its text says why and what to do, and names no path."""
