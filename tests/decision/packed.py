"""Reading a PDF of ours without a library: how many pages it has, and which characters it shows."""

import re
import zlib


def streams(pdf: bytes) -> list[bytes]:
    """What is compressed in the file."""
    found = []
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.DOTALL):
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            found.append(packed)
    return found


def pages(pdf: bytes) -> int:
    return sum(len(re.findall(rb"/Type\s*/Page\b(?!s)", part)) for part in [pdf, *streams(pdf)])


def characters(pdf: bytes) -> set[str]:
    """Every character that its fonts draw, by the tables that let a reader copy text."""
    shown: set[str] = set()
    for part in streams(pdf):
        for kind, block in re.findall(rb"beginbf(char|range)(.*?)endbf", part, flags=re.DOTALL):
            letter = rb"<\w+>\s*<(\w+)>" if kind == b"char" else rb"<\w+>\s*<\w+>\s*<(\w+)>"
            for written in re.findall(letter, block):
                shown |= set(bytes.fromhex(written.decode()).decode("utf-16-be"))
    return shown
