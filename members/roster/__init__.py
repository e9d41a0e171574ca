"""Reading a roster: workbook (bytes → raw cells), sheet (→ named rows), cells (→ clean values).

`errorbook` gives a file back with its errors marked.
"""
