"""What stands in the way of a backup or a restore."""

AWAY = "连不上数据库，或者连接断了，没有做成。请检查数据库开着没有、.env 里的地址对不对，再来一次。"


class BackupTrouble(Exception):
    """A backup or a restore that cannot be carried out; its text says why and what to do, and names no path."""
