"""Activities and who came, from a workbook: read in `sheets`, planned in `plan`, written in `write`, back in `undo`."""
