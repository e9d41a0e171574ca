"""Activities and who came, from a workbook: read in `sheets`, checked in `resources`, written in `bringing`."""
