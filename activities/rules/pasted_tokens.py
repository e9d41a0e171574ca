"""The tokens of a line of a pasted list: words, doors, brackets, signs."""

import re

from activities.rules.pasted_text import BOX, CROSS, DOTS, END_STRUCK, GAP, HAN, HIDDEN, LETTER, NUMBER, STRUCK, TICK

BUILDING = r"\d{1,3}(?:号楼|#楼|号|幢|栋|座|#|楼)|[A-Z](?:座|栋|幢)"
ROOM = r"(?<![\d-])(?:\d{1,3}-)?(?:\d{1,2}(?:单元|-))?\d{3,4}室?(?!\d)"
LATIN = "[A-Za-z]+(?: [A-Za-z]+)*"
RUN = rf"(?:(?![A-Z][座栋幢]\d|[xX]\d){LETTER})+"
JOINT = rf"(?: {{0,2}}[{DOTS}] {{0,2}}|(?!\d[号楼幢栋座室单人位]){HIDDEN}(?=[{HAN}]))"
WORD = rf"{LATIN}(?!{LETTER}|{HIDDEN})|{RUN}(?:{JOINT}{RUN})*"
OPENING, CLOSING = r"(\[{【〔〈《<「『", r")\]}】〕〉》>」』"
TOKENS = re.compile(
    rf"(?P<bracket>[{OPENING}](?P<inner>[^{OPENING}{CLOSING}]*)[{CLOSING}])"
    rf"|(?P<count>(?<!\d)\d{{7,}}[Xx]?|[+]\s*\d+|(?<!\d)\d{{1,6}}\s*[人位]|(?:{CROSS}|[xX])\d+)"
    rf"|(?P<building>{BUILDING})|(?P<room>{ROOM})"
    rf"|(?P<cross>{CROSS}+|(?<!{LETTER})[xX]{{1,2}}(?!{LETTER}))|(?P<tick>{TICK}+)|(?P<box>{BOX})"
    rf"|(?P<word>{WORD})"
    rf"|(?P<number>{NUMBER})|(?P<struck>{STRUCK})|(?P<unstruck>{END_STRUCK})|(?P<tilde>~~+)"
    rf"|(?P<colon>:)|(?P<stop>[。;!])|(?P<end>[^\w\s{GAP}])"
)
HINTS = re.compile(f"(?P<building>{BUILDING})|(?P<room>{ROOM})")
COLON_BEHIND = re.compile(rf"\s*(?:[{OPENING}][^{OPENING}{CLOSING}]{{0,8}}[{CLOSING}]|\d{{1,4}}\s*[人位名]?)?\s*:")
