"""Which code this is: one hash of the engine's sources, so that what it made can be told from what another would."""

import hashlib
from pathlib import Path

import engine


def engine_sha256() -> str:
    """SHA-256 of every Python file of the engine, names included."""
    root = Path(engine.__path__[0])
    sources = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        sources.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return sources.hexdigest()
