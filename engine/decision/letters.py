"""Which letters the fonts of the approval pack can print, read from the fonts themselves.

Typst draws an empty box for any other and says nothing of it, and no library that we have tells what a font holds.
"""

import functools
import struct
import unicodedata
from collections.abc import Iterator
from pathlib import Path

FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"
INSTEAD = "\ufffd"  # of a letter that no font has


def unprintable(text: str) -> list[str]:
    """The letters of a text that would come out as an empty box, each once, as they come."""
    known = _printable()
    return [one for one in dict.fromkeys(text) if ord(one) not in known and not one.isspace()]


def scripts(letters: list[str]) -> list[str]:
    """What these letters belong to, as a reader may know it: "Hangul", "Khmer"; of signs their number in Unicode.

    >>> scripts(["한", "글", "ក"])
    ['Hangul', 'Khmer']
    """
    names = (
        unicodedata.name(one, "").split(" ")[0].capitalize() if unicodedata.category(one)[0] in "LM" else ""
        for one in letters
    )
    return list(dict.fromkeys(name or f"U+{ord(one):04X}" for name, one in zip(names, letters, strict=True)))


@functools.cache
def _printable() -> frozenset[int]:
    return frozenset(letter for path in sorted(FONTS.glob("*.ttf")) for letter in _letters_of(path.read_bytes()))


def _letters_of(font: bytes) -> Iterator[int]:
    """Every letter that a TrueType font has a picture for: its table cmap, in both forms that fonts of today have."""
    for at in range(12, 12 + 16 * _number(font, 4), 16):
        if font[at : at + 4] == b"cmap":
            start = _long(font, at + 8)
            for table in range(start + 4, start + 4 + 8 * _number(font, start + 2), 8):
                here = start + _long(font, table + 4)
                form = _number(font, here)
                if form == 4:
                    yield from _of_segments(font, here)
                elif form == 12:
                    yield from _of_groups(font, here)


def _of_segments(font: bytes, at: int) -> Iterator[int]:
    """Form 4: letters below U+10000."""
    count = _number(font, at + 6) // 2
    ends, starts = at + 14, at + 16 + 2 * count
    for one in range(count):
        last, first = _number(font, ends + 2 * one), _number(font, starts + 2 * one)
        shift = _number(font, starts + 2 * (count + one))
        place = starts + 2 * (2 * count + one)
        offset = _number(font, place)
        for letter in range(first, last + 1):
            picture = _number(font, place + offset + 2 * (letter - first)) if offset else letter
            if picture and (picture + shift) & 0xFFFF:
                yield letter


def _of_groups(font: bytes, at: int) -> Iterator[int]:
    """Form 12: any letter."""
    for group in range(at + 16, at + 16 + 12 * _long(font, at + 12), 12):
        first, last, picture = struct.unpack_from(">III", font, group)
        yield from range(first + (picture == 0), last + 1)


def _number(font: bytes, at: int) -> int:
    return int.from_bytes(font[at : at + 2], "big")


def _long(font: bytes, at: int) -> int:
    return int.from_bytes(font[at : at + 4], "big")
