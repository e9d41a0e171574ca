"""The installation's own secrets, where the environment sets none.

The embedded default must start without any set-up, and yet share no secret with another installation. So the keys are
made once at random and kept beside the database folder, readable only by the owner. A deployment puts them into the
environment instead (`.env.example`); `check --deploy` reminds of it.
"""

import os
import secrets
from pathlib import Path

# Keys that were added later have files of their own, so that an older installation gets them too.
FILES = {
    "keys.env": ("SECRET_KEY", "LOUZU_ID_KEY", "LOUZU_PHONE_KEY"),
    "signing.env": ("LOUZU_SIGNING_KEY",),
    "audit.env": ("LOUZU_AUDIT_KEY",),
    "backup.env": ("LOUZU_BACKUP_KEY",),
}


def load_or_make(path: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Return the keys stored in `path`, made on first use; of two processes at once, both get the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        create(path, "".join(f"{name}={secrets.token_hex(32)}\n" for name in names))
    return dict(line.split("=", 1) for line in path.read_text(encoding="ascii").split())


def create(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all; one that is there already stays."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
