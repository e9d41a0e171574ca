"""Check signed receipts of record cards, and that none is missing between them.

    pip install cryptography
    python verify_receipt.py keys.json receipts.jsonl

`keys.json` is what /api/v1/keys answers; `receipts.jsonl` holds a receipt a line, as POST …/receipt answered it, in any
order. The exit status is 0 where all of them are genuine and those of a chain follow one another without a gap. Each
street begins a chain of its own, and a new one after it was restored from a backup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def fault(signed: dict, keys: dict[str, str]) -> str:
    """What is wrong with one receipt, "" for nothing."""
    said = signed["receipt"]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    if hashlib.sha256(text).hexdigest() != signed["hash"]:
        return "the hash does not fit what the receipt says"
    if said["key"] not in keys or not signed["signature"]:
        return f"its key {said['key']} is not known"
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys[said["key"]]))
        public.verify(base64.b64decode(signed["signature"]), text)
    except (InvalidSignature, ValueError):
        return "the signature is not genuine"
    return ""


def gaps(receipts: list[dict]) -> list[str]:
    """Where a chain is broken: each receipt but its first names one that is here, and no two name the same."""
    hashes = {(each["receipt"].get("chain"), each["hash"]) for each in receipts}
    found, named = [], set()
    for each in receipts:
        number, previous = each["receipt"]["number"], each["receipt"]["previous"]
        before = (each["receipt"].get("chain"), previous)
        if before in named:
            found.append(f"{number}: another receipt follows the same one")
        if previous is not None and before not in hashes:
            found.append(f"{number}: the receipt before it is missing")
        named.add(before)
    return found


def main(keys_file: str, receipts_file: str) -> int:
    keys = {key["id"]: key["public"] for key in json.loads(Path(keys_file).read_text("utf-8"))["keys"]}
    lines = Path(receipts_file).read_text("utf-8").splitlines()
    receipts = list({line: json.loads(line) for line in lines if line.strip()}.values())
    found = [f"{each['receipt']['number']}: {wrong}" for each in receipts if (wrong := fault(each, keys))]
    found += gaps(receipts)
    print("\n".join(found) or f"{len(receipts)} receipts are genuine, and none is missing between them.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
