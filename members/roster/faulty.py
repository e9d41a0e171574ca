"""The tree's workbook with errors, encrypted between the page that shows them and the download of the marked one.

A tree has no import of its own in the database: nothing of it is kept where it failed but this, in the session.
"""

from base64 import b64decode, b64encode

from members.ground.sealing import KeyLost, decrypt_data, encrypt_data
from members.roster import refusal
from members.roster.errorbook import mark
from members.roster.refusal import UnreadableFile
from members.roster.tree import TreeReport

MOST_SEALED = 1024 * 1024  # characters: the session is read with every page


def seal_faulty(content: bytes, report: TreeReport) -> str:
    """Return the file with its errors as text; "" where that is too much to keep."""
    problems = [(error["sheet"], error["row"], error["column"], error["message"]) for error in report.errors]
    packed = {"file": b64encode(content).decode(), "problems": problems, "headings": report.headings}
    sealed = b64encode(encrypt_data(packed)).decode()
    return sealed if len(sealed) <= MOST_SEALED else ""


def faulty_book(sealed: str) -> tuple[bytes, int]:
    """Return the user's file with its errors marked, and how many there are. Raises UnreadableFile."""
    try:
        packed = decrypt_data(b64decode(sealed))
    except KeyLost as error:
        raise UnreadableFile(refusal.KEY_LOST) from error
    problems = [tuple(problem) for problem in packed["problems"]]
    return mark(b64decode(packed["file"]), problems, packed["headings"]), len(problems)
