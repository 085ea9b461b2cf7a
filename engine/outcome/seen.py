"""Which things to do a person has seen: a small file for each person in the configuration folder, by shop.

It holds keys of what still waits and nothing else, so it never grows; who loses it sees things as new once more.
"""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from engine.access import acting
from engine.access.roles import person_key
from engine.privacy import folder_of, replace


def seen(shop_id: str, config: Path, person: str) -> frozenset[str]:
    """Keys of the things this person has seen; none where the file is missing or is no such file."""
    try:
        kept = json.loads(_file(shop_id, config, person).read_bytes())
    except (OSError, ValueError):
        return frozenset()
    return frozenset(key for key in kept if isinstance(key, str)) if isinstance(kept, list) else frozenset()


def mark(shop_id: str, config: Path, person: str, keys: Collection[str]) -> None:
    """This person has seen these things, and they are all that waits."""
    acting.require_self(person)
    if frozenset(keys) != seen(shop_id, config, person):
        replace(_file(shop_id, config, person), json.dumps(sorted(keys)).encode())


def _file(shop_id: str, config: Path, person: str) -> Path:
    name = hashlib.blake2b(person_key(person).encode(errors="backslashreplace"), digest_size=16).hexdigest()
    return folder_of(shop_id, config) / "seen" / f"{name}.json"
