"""Text from anywhere made fit for a prompt: names, reviews and guides are data, whatever they say."""

import re
import unicodedata

import pandas as pd


def plain(value: object, length: int) -> str:
    """Text as one clean line of at most `length` characters: no control marks, chat tokens, braces or quotes."""
    if value is None or (isinstance(value, float) and value != value) or value is pd.NA:
        return ""
    text = unicodedata.normalize("NFC", str(value))
    text = re.sub(r"<\|.*?\|>|\[/?INST\]|</?s>|<<.*?>>", " ", text)
    text = "".join(" " if unicodedata.category(ch) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs") else ch for ch in text)
    return " ".join(re.sub(r'[{}<>`"“”]', " ", text).split())[:length].strip()
