#!/usr/bin/env python
"""Django's command line for Louzu."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "louzu.settings")
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    from members.ground.outage import is_unbuilt

    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as error:
        if not is_unbuilt(error):
            raise
        sys.exit("还没有安装好：数据库里没有表。请先运行 python manage.py setup；升级以后运行 migrate。")
