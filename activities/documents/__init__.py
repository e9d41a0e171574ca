"""Papers to be printed, set by typst: the booklet of a year's honours, the plates for stairwells.

The templates beside these files are the product's own and stay as they are: what rows say reaches them as one JSON
input, so that no text of a row is ever read as markup.
"""

from activities.documents.booklet import booklet
from activities.documents.plates import named_homes, plates

__all__ = ["booklet", "named_homes", "plates"]
