"""How a text file is encoded: found out where that is certain, refused with the line where it is not."""

import codecs
import re
from collections.abc import Iterator

from engine.errors import DataProblem
from engine.shop.gate import limits
from engine.shop.gate.archive import BROKEN, PIECE, Content

# Offered where the file does not say; the first two are tried in this order by themselves.
ENCODINGS = (
    "utf-8", "gb18030", "big5", "cp1252", "iso-8859-15", "cp1250", "cp1251", "shift_jis", "euc_kr", "utf-16",
)  # fmt: skip
LIKELY_GB = 0.7  # share of the characters that are not ASCII, read as GB18030, that are of the common ones (GB 2312)


def found(content: Content, whole: bool) -> str:
    """A byte-order mark, else strict UTF-8, else strict GB18030 where that reads as common Chinese, else refused."""
    with content.open() as stream:
        first = stream.read(4)
    if first == codecs.BOM_UTF32_LE or first == codecs.BOM_UTF32_BE:  # the first begins as UTF-16 does
        raise DataProblem(f"{content.name}: text in UTF-32, which nothing here reads. Save it as UTF-8.")
    if first.startswith(codecs.BOM_UTF8):
        return _decodes_as(content, "utf-8-sig", whole) or _refuse(content)
    if first[:2] in limits.UTF16_MARKS:
        return _decodes_as(content, "utf-16", whole) or _refuse(content)
    return _decodes_as(content, "utf-8", whole) or _plausible_gb(content, whole) or _refuse(content)


def _refuse(content: Content) -> str:
    line = _first_line_that_is_not_utf8(content)
    raise DataProblem(
        f"{content.name}: neither UTF-8 nor GB18030 text: see line {line:,}. Say how it is encoded "
        f"({', '.join(ENCODINGS[2:])}), or save it as UTF-8 and import again."
    )


def _first_line_that_is_not_utf8(content: Content) -> int:
    decoder, line = codecs.getincrementaldecoder("utf-8")("strict"), 1
    for piece in _pieces(content, True):
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        line += piece.count(b"\n")
    return line


def check_said(content: Content, encoding: str, whole: bool) -> None:
    if encoding.lower() not in ENCODINGS and encoding.lower() not in ("utf-8-sig", "gbk", "latin-1"):
        raise DataProblem(f"{content.name}: encoding {encoding!r} is not one of {', '.join(ENCODINGS)}.")
    if not _decodes_as(content, encoding, whole):
        raise DataProblem(f"{content.name}: not text in {encoding}. Choose another encoding.")


def _pieces(content: Content, whole: bool) -> Iterator[bytes]:
    try:
        with content.open() as stream:
            while piece := stream.read(PIECE):
                yield piece
                if not whole:
                    return
    except BROKEN as error:
        raise DataProblem(f"{content.name}: cannot be read to its end ({error}). Export it again.") from error


def _decodes_as(content: Content, encoding: str, whole: bool) -> str:
    """The encoding where all (or the first mebibyte) of the content is that, else "".

    Raises DataProblem for NUL characters, which no table has, and for a line that no table could have: a reader of
    lines would take all of it into memory.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines, length = 1, 0
    try:
        for piece in _pieces(content, whole):
            if "\x00" in decoder.decode(piece):
                raise DataProblem(
                    f"{content.name}: named .csv but not a text file: it holds NUL bytes. Export it again as CSV in "
                    "UTF-8."
                )
            end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
            lines, length = lines + piece.count(b"\n"), len(piece) - end - 1 + (length if end < 0 else 0)
            if length > limits.MAX_LINE:
                raise DataProblem(
                    f"{content.name} line {lines}: more than {limits.MAX_LINE:,} bytes without a line break, where a "
                    f"cell may have no more than {limits.MAX_CELL:,} characters. Repair that line and import again."
                )
        if whole:
            decoder.decode(b"", final=True)
    except UnicodeError:
        return ""
    return encoding


def _plausible_gb(content: Content, whole: bool) -> str:
    """Big5 and Latin-1 text may decode as GB18030 too, into characters that nobody uses; so may lines of UTF-8."""
    if not _decodes_as(content, "gb18030", whole):
        return ""
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    foreign = common = 0
    for piece in _pieces(content, whole):
        letters = _ASCII.sub("", decoder.decode(piece))
        foreign += len(letters)
        common += len(letters.encode("gb2312", "ignore")) // 2
        if line := next(filter(_is_chinese_utf8, piece.splitlines()), None):
            shown = limits.shown(line.decode())[:40]
            raise DataProblem(
                f"{content.name}: both UTF-8 and another encoding are in it ({shown!r} is UTF-8, other lines are not). "
                "Export it again in one encoding."
            )
    return "gb18030" if common >= LIKELY_GB * foreign else ""


_ASCII = re.compile(r"[\x00-\x7f]+")


def _is_chinese_utf8(line: bytes) -> bool:
    """Two Chinese letters in UTF-8: text in GB18030 is hardly ever that by chance."""
    if line.isascii():
        return False
    try:
        return len(re.findall("[\u4e00-\u9fff]", line.decode("utf-8"))) >= 2
    except UnicodeDecodeError:
        return False
