"""What a GGUF model file says of itself in its header: name, context size, chat template, memory it needs.

Read without llama.cpp, which would map the whole file and may crash on a damaged one. The format: a magic word,
version, counts, then typed keys and values, little-endian (docs/gguf.md of the ggml project, versions 2 and 3).
"""

import functools
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
LONGEST = 1 << 24  # bytes of one text: a chat template has a few thousand
BUFFERS = 400_000_000  # bytes llama.cpp takes beside weights and context, at our batch size


@dataclass(frozen=True, slots=True)
class Header:
    """What a model file says of itself; None where it does not say."""

    name: str | None = None
    architecture: str | None = None
    licence: str | None = None
    context: int | None = None  # tokens
    chat_template: str | None = None
    layers: int | None = None
    context_bytes: int | None = None  # of memory, for one token of context


class Unreadable(ValueError):
    """The header is cut off or not one."""


def header(path: Path) -> Header:
    """The header of a model file. Raises Unreadable where it is damaged, OSError where it cannot be read."""
    stat = path.stat()
    return _header(path, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=32)
def _header(path: Path, changed: int, size: int) -> Header:
    with path.open("rb") as file:
        return _understood(_values(file))


def context(path: Path, most: int) -> int:
    """The context to run a model with: `most`, or what the file allows where that is less."""
    try:
        allowed = header(path).context
    except (OSError, Unreadable):
        return most  # the model's process will say what is wrong with it
    return min(most, allowed) if allowed else most


def memory(path: Path, tokens: int) -> int:
    """Bytes of memory a model needs: its weights, a context of so many tokens, and room to compute."""
    try:
        each = header(path).context_bytes or 0
    except (OSError, Unreadable):
        each = 0
    return path.stat().st_size + each * tokens + BUFFERS


def _understood(said: dict[str, Any]) -> Header:
    kind = said.get("general.architecture")

    def number(name: str) -> int | None:
        value = said.get(f"{kind}.{name}")
        return int(value) if isinstance(value, int) and value > 0 else None

    layers, heads, width = number("block_count"), number("attention.head_count"), number("embedding_length")
    groups = number("attention.head_count_kv") or heads
    head = number("attention.key_length") or (width // heads if width and heads else None)
    each = 2 * 2 * layers * groups * head if layers and groups and head else None  # keys and values, two bytes each
    template = said.get("tokenizer.chat_template")
    return Header(
        _text(said.get("general.name")),
        _text(kind),
        _text(said.get("general.license")),
        number("context_length"),
        _text(template),
        layers,
        each,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _values(file: BinaryIO) -> dict[str, Any]:
    """Every key with its value; of a list only that there is one, None."""
    if file.read(4) != MAGIC:
        raise Unreadable("it does not begin as a GGUF file")
    version = _number(file, "I")
    if version not in (2, 3):
        raise Unreadable(f"version {version} of the format is not known")
    _number(file, "Q")  # how many tensors
    found = {}
    for _ in range(_number(file, "Q")):
        key = _string(file)
        found[key] = _value(file, _number(file, "I"))
    return found


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == STRING:
        return _string(file)
    if kind == ARRAY:
        return _skipped(file, _number(file, "I"), _number(file, "Q"))
    if kind not in NUMBERS:
        raise Unreadable(f"a value of the unknown type {kind}")
    return _number(file, NUMBERS[kind])


def _skipped(file: BinaryIO, kind: int, count: int) -> None:
    """Moves on behind a list: of its words, 150,000 in a usual file, none is needed."""
    if count > LONGEST or (kind != STRING and kind not in NUMBERS):  # lists of lists are allowed, and nobody has them
        raise Unreadable(f"a list of {count} values of the type {kind}")
    if kind != STRING:
        file.seek(count * struct.calcsize(f"<{NUMBERS[kind]}"), 1)
        return
    for _ in range(count):
        file.seek(_length(file), 1)


def _number(file: BinaryIO, form: str) -> Any:
    size = struct.calcsize(f"<{form}")
    return struct.unpack(f"<{form}", _bytes(file, size))[0]


def _length(file: BinaryIO) -> int:
    length = int(_number(file, "Q"))
    if length > LONGEST:
        raise Unreadable(f"a text of {length} bytes")
    return length


def _string(file: BinaryIO) -> str:
    return _bytes(file, _length(file)).decode("utf-8", "replace")


def _bytes(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise Unreadable("it ends in its header")
    return found
