"""Dates as in the office's own tables: short, sortable, never broken over two lines; numbers that can be read."""

DATE_FORMAT = SHORT_DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "Y-m-d H:i"
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"]
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3  # Django's Chinese formats know no separator at all, so that `intcomma` would do nothing
