"""Reading a roster: workbook (bytes → raw cells), sheet (→ named rows), cells (→ clean values), errorbook (→ marked copy)."""
