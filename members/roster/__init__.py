"""A roster from file to database and back: `workbook` (bytes → raw cells), `sheet` (→ named rows), `cells` (→ clean
values), `plan` (→ what each row would do), `apply` (→ database), `undo`.

`steps` runs these for an upload; `errorbook` gives a file back with its errors marked.
"""
