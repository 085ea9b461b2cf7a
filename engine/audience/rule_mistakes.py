"""Sentences for what cannot be read in the text of a rule: where it stands, what was typed, what to type instead."""

import math
import re

import lark

from engine.errors import DataProblem

CHARACTER = r"(?:[^\s()（）,，\"“”`=<>≥≤≠＝＞＜!]|!(?!=))"  # of a word
MOST_DAYS = 99_999
_SIGNS = "=<>!≥≤≠＝＞＜"
# What people type who mean one of the comparisons.
_MEANT = {
    "=>": ">=", "=<": "<=", "><": "!=", "===": "=", "!==": "!=", "<=>": "=", ">>": ">", "<<": "<",
}  # fmt: skip


def refusal(text: str, error: lark.UnexpectedInput) -> str:
    """What stands where nothing like it may stand, and what may."""
    token = getattr(error, "token", None)
    ends = token is not None and token.type == "$END"
    place = len(text) if ends else (error.pos_in_stream or 0)
    before, after = text[:place].rstrip(), text[place:]
    expected: set[str] = set(getattr(error, "expected", None) or getattr(error, "allowed", None) or ())
    said = _wanted(before, expected)
    if ends:
        return f'The rule ends too early, after "{before[-40:]}". {said}'
    sign = after[:1]
    if sign in '"“`':
        return (
            f"The {'backtick' if sign == '`' else 'quotation mark'} at position {place + 1} is never closed. Close it."
        )
    if sign in ",，" and re.search(r"\d$", before) and after[1:2].isdigit():
        number = re.split(r"\s", before)[-1] + re.split(r"[^\d,，.]", after)[0]
        return f'Position {place + 1}: "{number}" is no number here. Write {_without_commas(number)}.'
    if meant := _comparison(text, place):
        return meant
    if sign in ")）" and not _is_open(before):
        return f"The parenthesis at position {place + 1} closes none that was opened. Take it away."
    found = re.match(f"{CHARACTER}+", after)
    word = str(token) if token is not None and str(token) else found.group() if found else sign
    return f'Position {place + 1}: "{word}" cannot stand here. {said}'


def _wanted(before: str, expected: set[str]) -> str:
    """What may stand after `before`."""
    if "OPERATOR" in expected:
        name = re.split(r"\b(?:and|or|not)\b|[(（]", before, flags=re.IGNORECASE)[-1].strip()
        return f'"{name}" is compared with nothing: write for example {name.split(" ")[0]} >= 2, or {name} is known.'
    if "BOUGHT_WHAT" in expected:
        return "Write bought category NAME or bought product ID."
    if "_SENT" in expected:
        return "Write was sent CAMPAIGN_ID."
    if "_FROM" in expected:
        return "Write ordered from CAMPAIGN_ID."
    if "_DAYS" in expected:
        return 'Write for example in 30 days; a name with the word "in" needs quotation marks around it.'
    if "_KNOWN" in expected or "_UNKNOWN" in expected:
        return "Write is known or is unknown."
    if "_NOT" in expected:
        return "Write a condition here, such as orders >= 2."
    if "QUOTED" in expected:
        return "Write a value here, in quotation marks where it holds a sign or one of the words and, or, in."
    if "_OPEN" in expected:
        return "Write the values in parentheses: in (A, B)."
    if "_AND" in expected and "_OR" not in expected:
        return "Write both numbers: between 2 and 4."
    if "_COMMA" in expected and "_AND" not in expected:
        return "Close the parenthesis, or write a comma and one more value."
    return "Join conditions with and or or" + (", and close the parenthesis." if _is_open(before) else ".")


def _is_open(text: str) -> bool:
    """Whether a parenthesis is open at the end of a text."""
    outside = re.sub(r'"(?:\\.|[^"\\])*"|“[^“”]*”|`(?:\\.|[^`\\])*`', "", text)
    return len(re.findall(r"[(（]", outside)) > len(re.findall(r"[)）]", outside))


def _without_commas(number: str) -> str:
    """12,500 -> 12500, where commas part thousands; 12,5 -> 12.5, where one stands for the point."""
    number = number.replace("，", ",")
    thousands = re.fullmatch(r"[^,]*\d{1,3}(,\d{3})+(\.\d*)?", number)
    return number.replace(",", "") if thousands or number.count(",") > 1 else number.replace(",", ".")


def _comparison(text: str, place: int) -> str | None:
    """A sentence for a comparison that is written in another way than ours: =>, =<, ===."""
    start = place
    while start and text[start - 1] in _SIGNS:
        start -= 1
    found = re.match(f"[{_SIGNS}]+", text[start:])
    said = found.group() if found else ""
    plain = said.translate(str.maketrans("＝＞＜", "=><"))
    meant = _MEANT.get(plain) or (plain if plain in (">=", "<=") and said != plain else None)
    return f'Position {start + 1}: there is no comparison "{said}". Write {meant}.' if meant else None


# --- sizes ---


def is_above(low: str, high: str) -> bool:
    """Whether both are numbers and the first is the larger one."""
    try:
        return float(low.removesuffix("%")) > float(high.removesuffix("%")) and low.endswith("%") == high.endswith("%")
    except ValueError:
        return False


def days_asked(condition: str, said: lark.Token) -> int:
    """The days of `condition` "in SAID days". Raises DataProblem for what is no whole number from 1 to MOST_DAYS."""
    if re.fullmatch(r"[0-9]{1,5}", said) and int(said):
        return int(said)
    raise DataProblem(f'Position {(said.start_pos or 0) + 1}: {condition} in "{said}" days: {_no_days(said)}')


def _no_days(said: str) -> str:
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or not re.fullmatch(r"[-+\d.eE]+", said):
        return "that is no number. Write a whole number of days, such as 30."
    if number == 0:
        return 'no day lies in there. Write 1 or more, or take "in 0 days" away to ask for any time.'
    if number < 0:
        return f"days are counted back already. Write {max(1, round(-number))}, without the minus sign."
    if number > MOST_DAYS:
        return f"that is too long ago. Write {MOST_DAYS} or less, or take the days away to ask for any time."
    whole = dict.fromkeys([max(1, math.floor(number)), math.ceil(number)])
    return f"days are whole. Write {' or '.join(map(str, whole))}."
