"""Encryption and digests that protect phones and ID numbers at rest.

An ID number is kept only as an HMAC-SHA256 digest under a key that is in no database and no backup: an unkeyed hash
of it could be undone in hours. A phone number is encrypted (AES-GCM, or SM4-GCM of GB/T 32907 where asked for) and
found again by its digest.
"""

import hashlib
import hmac
import os
import zlib
from base64 import b64decode, b64encode
from functools import cache
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256, SM4
from django.conf import settings

NONCE, TAG = 12, 16


class KeyLost(ValueError):
    """Bytes that no key of this installation opens."""


def digest(text: str, *, purpose: str) -> str:
    """Return 64 hex digits that identify `text` for one purpose ("id", "phone") and do not reveal it."""
    return hmac.digest(settings.LOUZU_ID_KEY.encode(), f"{purpose}:{text}".encode(), "sha256").hex()


def encrypt(plain: bytes) -> bytes:
    """Return key id, nonce, ciphertext and tag in one."""
    cipher, nonce = settings.LOUZU_PHONE_CIPHER, os.urandom(NONCE)
    key_id, algorithm = _current(cipher, settings.LOUZU_PHONE_KEY)
    if isinstance(algorithm, AES256):  # in one call: a roster has thousands of phones
        return key_id + nonce + _whole(bytes(algorithm.key)).encrypt(nonce, plain, None)
    encryptor = Cipher(algorithm, modes.GCM(nonce)).encryptor()
    return key_id + nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def decrypt(sealed: bytes | memoryview | None) -> bytes:
    """Undo `encrypt`; KeyLost where no known key fits, or the bytes were changed or are gone."""
    sealed = bytes(sealed or b"")
    algorithm = _known_keys().get(sealed[:5])
    if algorithm is None:
        raise KeyLost("Encrypted with a key this installation does not have.")
    nonce, rest = sealed[5 : 5 + NONCE], sealed[5 + NONCE :]
    try:
        if isinstance(algorithm, AES256):  # in one call: the phones of a street are searched by their last digits
            return _whole(bytes(algorithm.key)).decrypt(nonce, rest, None)
        decryptor = Cipher(algorithm, modes.GCM(nonce, rest[-TAG:])).decryptor()
        return decryptor.update(rest[:-TAG]) + decryptor.finalize()
    except (InvalidTag, ValueError) as error:
        raise KeyLost("The encrypted bytes were changed.") from error


def encrypt_data(data: Any) -> bytes:
    """Return JSON-like data, which may have dataclasses in it, packed and encrypted."""
    return encrypt(zlib.compress(orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS), 1))


def decrypt_data(sealed: bytes | memoryview | None) -> Any:
    """Undo `encrypt_data`, but for the dataclasses, which come back as dicts; KeyLost as `decrypt` says."""
    return orjson.loads(decrypt_packed(sealed))


def decrypt_packed(sealed: bytes | memoryview | None) -> bytes:
    """Return the JSON text of what `encrypt_data` packed, for looking through it; KeyLost as `decrypt` says."""
    return zlib.decompress(decrypt(sealed))


def encrypt_text(text: str) -> str:
    return b64encode(encrypt(text.encode())).decode() if text else ""


def decrypt_text(sealed: str) -> str:
    return decrypt(b64decode(sealed)).decode() if sealed else ""


def mask_phone(phone: str) -> str:
    """Return 138****5678; of a landline only the last four digits."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) == 11 else f"****{phone[-4:]}"


@cache
def _algorithm(cipher: str, key: str) -> AES256 | SM4:
    material = hashlib.sha256(f"{cipher}:{key}".encode()).digest()
    return SM4(material[:16]) if cipher == "sm4" else AES256(material)


@cache
def _current(cipher: str, key: str) -> tuple[bytes, AES256 | SM4]:
    return _key_id(cipher, key), _algorithm(cipher, key)


@cache
def _whole(key: bytes) -> AESGCM:
    return AESGCM(key)


@cache
def _key_id(cipher: str, key: str) -> bytes:
    return cipher[:1].encode() + hashlib.sha256(f"id:{cipher}:{key}".encode()).digest()[:4]


def _known_keys() -> dict[bytes, AES256 | SM4]:
    return _keys_of(settings.LOUZU_PHONE_KEY, *settings.LOUZU_PHONE_KEYS_OLD)


@cache
def _keys_of(*keys: str) -> dict[bytes, AES256 | SM4]:
    return {_key_id(cipher, key): _algorithm(cipher, key) for cipher in ("aes", "sm4") for key in keys}
