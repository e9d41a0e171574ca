"""Jobs on an uploaded workbook that run in a process of their own; each file imports nothing of ours."""
