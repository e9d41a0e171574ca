"""Activities and who came, from a workbook: read (`sheets`), judged (`resources`), written (`bringing`)."""
