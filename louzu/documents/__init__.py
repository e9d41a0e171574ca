"""The files of louzu: the monthly report as PDF, workbook and Word document."""
