"""Numbers as people write them: 15, １５, 1,299.50, fifteen, two hundred, a dozen, 十五, 三百五, 两千, 八五."""

import functools
import re
import unicodedata

from text_to_num import text2num

FIGURES = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_FIGURES = re.compile(FIGURES)

_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_WORD = rf"(?:{_TENS})(?:[- ](?:{_UNITS}))?|{_TEENS}|{_UNITS}"
_LARGE_WORD = "(?:dozen|hundred|thousand|million)"
ENGLISH = rf"\b(?:(?:(?:{_WORD}|an?) )?{_LARGE_WORD}(?: (?:and )?(?:{_WORD}))?(?: thousand)?|(?:{_WORD}))\b"
CHINESE = "[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?"
EITHER = rf"(?:{FIGURES}|{ENGLISH}|{CHINESE})"
ANY = re.compile(rf"{FIGURES}|{ENGLISH}|{CHINESE}", re.I)

_DIGITS = {
    ch: value
    for value, chars in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for ch in chars
}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}


def plainer(text: str) -> str:
    """The text with full-width letters, digits and signs as the usual ones; every character keeps its place."""
    return "".join(_plainer(ch) for ch in text)


@functools.cache
def _plainer(ch: str) -> str:
    if "！" <= ch <= "～" and ch not in "，：；！？（）":
        return chr(ord(ch) - 0xFEE0)
    if unicodedata.category(ch) == "Zs":
        return " "
    if ch.isdigit() and not ch.isascii():
        return str(unicodedata.digit(ch))
    return {"﹪": "%", "￥": "¥", "’": "'", "‘": "'", "‑": "-", "–": "-", "—": "-", "−": "-"}.get(ch, ch)


def small(text: str) -> str:
    """The text in small letters; every character keeps its place, so one whose small letter is longer stays."""
    return text.lower() if text.isascii() else "".join(ch.lower() if len(ch.lower()) == 1 else ch for ch in text)


def value(written: str) -> float | None:
    """The number that is written; None where it is none.

    >>> value("1,299.50"), value("twenty-five"), value("a dozen"), value("三百五"), value("两千"), value("八五")
    (1299.5, 25.0, 12.0, 350.0, 2000.0, 85.0)
    """
    written = written.strip().lower()
    if _FIGURES.fullmatch(written):
        return float(written.replace(",", ""))
    if written and all(ch in _DIGITS or ch in _SCALES or ch in _LARGE or ch == "点" for ch in written):
        return _chinese(written)
    return _english(written)


def _english(words: str) -> float | None:
    words = re.sub(r"\ban? (?=dozen|hundred|thousand|million)", "one ", words)
    words = re.sub(r"^(?=dozen|hundred|thousand|million)", "one ", words)
    dozens = re.fullmatch(r"(.+) dozen", words)
    try:
        return 12.0 * text2num(dozens.group(1), "en") if dozens else float(text2num(words, "en"))
    except ValueError:
        return None


# cn2an reads the same, but its wheel also installs packages called `build`, `src` and `example`.
def _chinese(written: str) -> float | None:
    whole, _, fraction = written.partition("点")
    if fraction:
        read = _chinese(whole)
        digits = "".join(str(_DIGITS[ch]) for ch in fraction if ch in _DIGITS)
        return None if read is None else float(f"{read:.0f}.{digits}")
    if all(ch in _DIGITS for ch in whole):
        return float("".join(str(_DIGITS[ch]) for ch in whole))
    total = section = 0.0
    digit, last = 0.0, 1
    for ch in whole:
        if ch in _DIGITS:
            digit = float(_DIGITS[ch])
            last = 1 if ch in "零〇" else last  # 三百零五 is 305; 三百五 is 350
        elif ch in _SCALES:
            section += (digit or 1.0) * _SCALES[ch]
            digit, last = 0.0, _SCALES[ch]
        else:
            total = (total + section + (digit or (0.0 if section else 1.0))) * _LARGE[ch]
            section, digit, last = 0.0, 0.0, _LARGE[ch]
    if digit and last > 10:
        digit *= last / 10
    return total + section + digit
