"""What runs on a stranger's workbook in a process of its own; each file stands alone."""
