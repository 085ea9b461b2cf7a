"""What is kept outside the shop folder: the folder of a shop's keys, and the key of its contacts and pseudonyms."""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from pathlib import Path

from filelock import FileLock

from engine.errors import StoreProblem

KEY_BYTES = 32
_WAIT_SECONDS = 30.0


def folder_of(shop_id: str, config: Path) -> Path:
    """The folder of what a shop keeps outside itself: its keys, and the head of its approval history."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", shop_id):
        raise StoreProblem(f"shop.toml: shop_id is {shop_id!r}; use letters, digits, dots, dashes and underscores.")
    return config / shop_id


def shop_key(shop_dir: Path, shop_id: str, config: Path) -> bytes:
    """The 32 bytes of `vault.key` in the shop's configuration folder, made at first use for its owner only (0600).

    Contacts are encrypted with it, pseudonyms and erased ids are hashed with it, so another key would lose the ones and
    break the others. The shop therefore keeps which key it was, `vault/key.id`, a hash that does not give it away.
    Raises StoreProblem where a vault is there and its key is not, or is another one: never a new key instead.
    """
    path, mark = folder_of(shop_id, config) / "vault.key", shop_dir / "vault" / "key.id"
    if not path.exists():
        _make(path, shop_dir / "vault")
    key = _read(path)
    name = hashlib.blake2b(key=key, person=b"key.id", digest_size=16).hexdigest().encode()
    try:
        same = hmac.compare_digest(mark.read_bytes(), name)
    except FileNotFoundError:
        replace(mark, name)
        return key
    except OSError as error:
        raise StoreProblem(f"{mark} cannot be read: {error.strerror}. Restore it from a backup.") from error
    if not same:
        raise StoreProblem(
            f"{path} is not the key that this shop's contacts and pseudonyms were made with. Restore that key from a "
            "backup; nothing was changed."
        )
    return key


def _make(path: Path, vault: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_name("vault.key.lock"), timeout=_WAIT_SECONDS):
            if path.exists():  # somebody else was first
                return
            if vault.is_dir() and any(vault.iterdir()):
                raise StoreProblem(
                    f"The key of this shop's contacts and pseudonyms, {path}, is missing. Restore it from a backup. "
                    f"Without it the contacts cannot be read; to begin anew, set the folder {vault} aside."
                )
            replace(path, secrets.token_bytes(KEY_BYTES))
    except OSError as error:
        raise StoreProblem(f"{path} could not be made ({error}). Check the disk and who may write.") from error


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        raise StoreProblem(f"{path} cannot be read: {error.strerror}. Restore it from a backup.") from error
    if len(key) != KEY_BYTES:
        raise StoreProblem(f"{path} is not a key ({KEY_BYTES} bytes). Restore it from a backup.")
    return key


def replace(path: Path, content: bytes) -> None:
    """Put content at path in one step, for its owner only: a reader sees the old or the new file, never a part."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreProblem(
            f"{path} could not be written ({error.strerror}). Check the disk and who may write."
        ) from error
