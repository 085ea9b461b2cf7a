"""A text message as it is sent and billed: sender and opt-out included, counted in parts.

An alphabet of 7 bits where every character is in it, else UTF-16 (3GPP TS 23.038, once GSM 03.38, section 6.2.1). A
message holds 140 bytes; one that goes out in several parts gives 6 of each to the header that joins them again (3GPP
TS 23.040, section 9.2.3.24.1): 160 or 153 characters of the one, 70 or 67 units of the other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.campaign import merge, needs, offers
from engine.shop.shop_settings import ShopSettings

Encoding = Literal["gsm7", "utf16"]
_ENDS_IN_A_LINK = re.compile(r"(?:https?://[\x21-\x7e]+|\{link\})$")

ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # an escape and the character: two places, never in two parts
ALONE: dict[Encoding, int] = {"gsm7": 160, "utf16": 70}
JOINED: dict[Encoding, int] = {"gsm7": 153, "utf16": 67}


@dataclass(frozen=True, slots=True)
class Billed:
    """A whole text message. `units`: places it takes in its encoding; `odd`: characters that cost it the 7 bits."""

    text: str
    encoding: Encoding
    units: int
    parts: int
    odd: tuple[str, ...]


def whole(body: str, sender: str, opt_out: str, language: str) -> str:
    """What arrives: the body with who sends it and how to stop it, unless it says so itself.

    Chinese carriers demand the sender in 【】 at one end (通信短信息服务管理规定, and every carrier's own rules).

    >>> whole("Tea is back.", "Maple & Co", "Reply STOP to opt out", "en")
    'Maple & Co: Tea is back. Reply STOP to opt out'
    >>> whole("枫叶小铺：新茶到了。", "枫叶小铺", "拒收请回复R", "zh")
    '【枫叶小铺】新茶到了。拒收请回复R'
    """
    body, sender, opt_out = body.strip(), sender.strip(), opt_out.strip()
    says_stop = needs.met("sms_opt_out", body, language) or opt_out.casefold() in body.casefold()
    if language == "zh":
        if sender and f"【{sender}】" not in body:
            body = f"【{sender}】{_without(body, sender)}"
        return body if says_stop else f"{body}{' ' if _ENDS_IN_A_LINK.search(body) else ''}{opt_out}"
    if sender and not re.search(rf"(?<!\w){re.escape(sender)}(?!\w)", body, re.IGNORECASE):
        body = f"{sender}: {body}"
    return body if says_stop else f"{body} {opt_out}"


def way_out(
    own: Mapping[Literal["en", "zh"], str] | Mapping[str, str], legal_lines: Sequence[str], language: str
) -> str:
    """The line that says how to stop a shop's text messages; where it has none, those of its legal lines that do."""
    line = {str(one): said for one, said in own.items()}.get(language, "").strip()
    return line or " ".join(one.strip() for one in legal_lines if needs.met("sms_opt_out", one, language))


def _without(body: str, sender: str) -> str:
    """A text that begins with its sender's name, without it: the name stands in front anyway."""
    return body.removeprefix(sender).lstrip("：: ") if body.startswith((f"{sender}：", f"{sender}:")) else body


def billed(text: str) -> Billed:
    """A text as carriers count it; nothing is no part.

    >>> billed("a" * 160).parts, billed("a" * 161).parts, billed("茶" * 70).parts, billed("茶" * 71).parts
    (1, 2, 1, 2)
    """
    odd = tuple(dict.fromkeys(ch for ch in text if ch not in ALPHABET and ch not in EXTENSION))
    encoding: Encoding = "utf16" if odd else "gsm7"
    sizes = [_size(ch, encoding) for ch in text]
    units = sum(sizes)
    parts = min(units, 1) if units <= ALONE[encoding] else _joined(sizes, JOINED[encoding])
    return Billed(text, encoding, units, parts, odd)


def _size(ch: str, encoding: Encoding) -> int:
    """Places of a character: of two, both belong in one part."""
    return 2 if (ch in EXTENSION if encoding == "gsm7" else ord(ch) > 0xFFFF) else 1


def _joined(sizes: list[int], room: int) -> int:
    parts, left = 1, room
    for size in sizes:
        if size > left:
            parts, left = parts + 1, room
        left -= size
    return parts


def sent(body: str, settings: ShopSettings, language: str) -> str:
    """A body as this shop sends it, {first_name} still in it: what is shown, billed, checked, approved and exported.

    The same again where it is whole already; nothing for nothing.
    """
    if not body.strip():
        return ""
    opt_out = way_out(settings.sms_opt_out, settings.legal_lines, language)
    return whole(body, settings.sender_name or settings.name, opt_out, language)


def of_shop(body: str, settings: ShopSettings, language: str) -> Billed:
    """A body as this shop's customers get it, with a first name and a code as long as many are."""
    whole = sent(body, settings, language)
    return billed(merge.shown(whole, language, merge.LONG_NAME[language], merge.EXAMPLE_CODE))


def parts_of(row: Mapping[str, object], settings: ShopSettings) -> int:
    """Parts that a message is billed as: those of the body of a text message; 1 where nothing is written yet.

    In several languages those of the longest: who reads which is settled on the day of the send.
    """
    body = row.get("body")
    if row.get("channel") != "sms" or not isinstance(body, str) or not body.strip():
        return 1
    language = str(row.get("language") or ("zh" if re.search("[\u4e00-\u9fff]", body) else "en"))
    own = ("zh" if language.lower().startswith("zh") else "en", body)
    translated: Iterable[tuple[str, str]] = row.get("translated") or ()  # type: ignore[assignment]
    return max(of_shop(text, settings, one).parts for one, text in (own, *translated))


def cost_of(row: Mapping[str, object], settings: ShopSettings) -> float:
    """What one message costs: as its row says, else what the shop pays for each part of it."""
    own = row.get("send_cost")
    if offers.has(own):
        return float(str(own))
    return parts_of(row, settings) * settings.send_cost.get(str(row["channel"]), 0.0)
