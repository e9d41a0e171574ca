"""Papers to print, set by typst: the booklet of a year's honours, the plates for stairwells.

The templates beside these files are fixed. The text of rows reaches them as one JSON input, so that it is never read as
markup.
"""

from activities.documents.booklet import booklet
from activities.documents.plates import named_homes, plates

__all__ = ["booklet", "named_homes", "plates"]
