"""The file's outside: compressed, then encrypted in chunks with AES-256-GCM, so that no byte can be changed unseen.

The chunks are a STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): each nonce is a random prefix, the chunk's number,
and whether it is the last. A chunk that is missing, cut, swapped or added fits no nonce. The header goes into each
chunk's authentication. Each file has a key of its own, derived from the installation's key and a salt.
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from louzu.backup.trouble import BackupTrouble

MAGIC, FORMAT = b"LOUZU-BACKUP\n", 1
HEADER = struct.Struct(">13sB8s32s7s")  # magic, format, key id, salt, prefix of the nonces
CHUNK, TAG = 256 * 1024, 16  # bytes
LEVEL = 6
AT_ONCE = 1024 * 1024  # bytes that are unpacked in one step

NO_BACKUP = "这不是楼组的备份文件，或者文件的开头坏了。请核对文件名，或者换一份备份。"
NEWER_FORMAT = "这份备份是更新的版本做的，这里打不开。请先把程序升级到做备份的版本，再恢复。"
OTHER_KEY = (
    "这份备份是用另一把备份密钥加密的。请把做备份时 .env 里的 LOUZU_BACKUP_KEY 写进这里的 .env"
    "（换过密钥的，旧的写进 LOUZU_BACKUP_KEYS_OLD），再来一次。"
)
DAMAGED = "备份文件不完整，或者被改动过，没有恢复。请从别处再拷贝一次，还不行就换一份备份。"


def key_id(key: str) -> bytes:
    """Return what tells keys apart in a header, and reveals none."""
    return hashlib.sha256(f"backup-key-id:{key}".encode()).digest()[:8]


def seal(target: BinaryIO, parts: Iterable[bytes], key: str) -> None:
    """Write the parts, compressed and encrypted, to an open file."""
    header = HEADER.pack(MAGIC, FORMAT, key_id(key), os.urandom(32), os.urandom(7))
    cipher = _cipher(key, header)
    target.write(header)
    for number, is_last, chunk in _numbered(_chunks(_compressed(parts))):
        target.write(cipher.encrypt(_nonce(header, number, is_last), chunk, header))


def unseal(source: BinaryIO, keys: Iterable[str]) -> Iterator[bytes]:
    """Yield what was sealed; BackupTrouble where the file is no backup, of another key, changed or cut off.

    A file that is cut off shows only at its end: nothing of it may be used before.
    """
    header = source.read(HEADER.size)
    cipher = _cipher(_key_of(header, keys), header)
    chunks = iter(lambda: source.read(CHUNK + TAG), b"")
    return _decompressed(_decrypted(cipher, header, chunks))


def own_keys() -> list[str]:
    """Return the installation's key and those of before."""
    return [settings.LOUZU_BACKUP_KEY, *settings.LOUZU_BACKUP_KEYS_OLD]


def names_key(path: Path, keys: Iterable[str]) -> bool | None:
    """Whether a file's header names one of these keys; None where it has no header of a backup."""
    with path.open("rb") as file:
        header = file.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        return None
    return HEADER.unpack(header)[2] in map(key_id, keys)


def _key_of(header: bytes, keys: Iterable[str]) -> str:
    """Return the key that this header names."""
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        raise BackupTrouble(NO_BACKUP)
    _, number, named, *_ = HEADER.unpack(header)
    if number != FORMAT:
        raise BackupTrouble(NEWER_FORMAT)
    for key in keys:
        if key_id(key) == named:
            return key
    raise BackupTrouble(OTHER_KEY)


def _cipher(key: str, header: bytes) -> AESGCM:
    *_, salt, _ = HEADER.unpack(header)
    return AESGCM(HKDF(SHA256(), 32, salt, b"louzu backup").derive(key.encode()))


def _nonce(header: bytes, number: int, is_last: bool) -> bytes:
    *_, prefix = HEADER.unpack(header)
    return prefix + struct.pack(">I?", number, is_last)


def _numbered(chunks: Iterable[bytes]) -> Iterator[tuple[int, bool, bytes]]:
    """Yield each chunk with its number and whether it is the last; one that is empty where there is none."""
    left = iter(chunks)
    number, chunk = 0, next(left, b"")
    for following in left:
        yield number, False, chunk
        number, chunk = number + 1, following
    yield number, True, chunk


def _decrypted(cipher: AESGCM, header: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for number, is_last, chunk in _numbered(chunks):
        try:
            yield cipher.decrypt(_nonce(header, number, is_last), chunk, header)
        except (InvalidTag, ValueError) as error:
            raise BackupTrouble(DAMAGED) from error


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of one size; the last may be shorter."""
    kept = bytearray()
    for part in parts:
        kept += part
        while len(kept) >= CHUNK:
            yield bytes(kept[:CHUNK])
            del kept[:CHUNK]
    yield bytes(kept)


def _compressed(parts: Iterable[bytes]) -> Iterator[bytes]:
    pack = zlib.compressobj(LEVEL)
    yield from map(pack.compress, parts)
    yield pack.flush()


def _decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj()
    for chunk in chunks:
        left = chunk
        while left:
            yield unpack.decompress(left, AT_ONCE)
            left = unpack.unconsumed_tail
    yield unpack.flush()
    if not unpack.eof:
        raise BackupTrouble(DAMAGED)
