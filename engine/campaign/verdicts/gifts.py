"""Gifts, free pieces and vouchers: true where the offer is one, and named only if it is the offer's."""

import functools
import itertools
import re
from dataclasses import replace

from engine.campaign.reading import words
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import value
from engine.campaign.verdicts import conditions, policy
from engine.campaign.verdicts.text import CHINESE_LETTER, Text
from engine.campaign.verdicts.verdict import Verdict, no_fact, refused, true

GIVES_CHINESE = re.compile("[送赠]")
STOP = re.compile(r"[,.!?;:，。！？；：、\n\ufffc]")
END_OF_PHRASE = re.compile(r"[,.!?;:，。！？；：、]")
PIECE = "[份件瓶支个只盒套条片包罐张枚]"
ONE_PIECE = re.compile(rf"^(?:您|你|出|上|的|给)?(?:一|两|二|三|[0-9])?{PIECE}?")
NEXT_PIECE = re.compile(rf"[一两二三\d]{PIECE}")
ORDINALS = {"another": "one", "a": "one", "second": "two", "third": "three", "fourth": "four"}


def gift(claim: Claim, around: Text) -> Verdict | None:
    """Something for free: judged by the kind of the offer."""
    kind, name = around.known.offer.kind, claim.value
    if name == "buy_get":
        return _buy_get(claim, around)
    if name == "voucher":
        return _voucher(claim, around)
    if name == "prize":
        return no_fact(claim)
    if kind == "buy_x_get_y":
        other = _names_another(claim, around)
        return refused(_with_what_it_gives(claim, around), "other_offer") if other else true(claim, "brief: offer")
    if (name == "free" and _is_said_by_another(claim, around)) or _is_about_an_amount(claim, around):
        return None
    if kind != "gift":
        return no_fact(_with_what_it_gives(claim, around))
    if _names_another(claim, around):
        return refused(_with_what_it_gives(claim, around), "other_gift", gift=around.known.gift)
    if least := conditions.unmet(claim, around):
        return refused(claim, "condition", policy=least.text, row=least.row)
    return true(claim, "brief: gift")


def _voucher(claim: Claim, around: Text) -> Verdict:
    money_off = around.known.offer.kind in ("percent", "amount", "spend_save")
    called_so = re.search(r"券|coupon|voucher", around.said(claim), re.I)
    return true(claim, "brief: offer") if money_off and called_so else no_fact(claim)


def _is_said_by_another(claim: Claim, around: Text) -> bool:
    """Whether "free" belongs to another promise of the sentence, which is true."""
    judges = {"delivery": policy.promise, "guarantee": policy.promise, "gift": gift}
    others = [one for one in around.starting_in_sentence(claim, *judges) if one.value != "free"]
    verdicts = [judges[one.kind](one, around) for one in others]
    return any(verdict.true for verdict in verdicts if verdict)


def _is_about_an_amount(claim: Claim, around: Text) -> bool:
    """满300送50, 送100积分: the amount speaks."""
    if not GIVES_CHINESE.search(around.said(claim)):
        return False
    points = around.known.offer.kind == "points" and "积分" in around.sentence(claim)
    return points or bool(around.between(claim.start, min(claim.end + 12, len(around.plain)), "money"))


def _with_what_it_gives(claim: Claim, around: Text) -> Claim:
    """The claim with all that it gives: what follows, or, before "is on us", what precedes."""
    if re.search(r"on us$", around.said(claim), re.I):
        return replace(claim, start=around.clause_start(claim))
    after = around.after(claim)
    stop = STOP.search(after)
    return replace(claim, end=claim.end + min(stop.start() if stop else len(after), 30))


def _names_another(claim: Claim, around: Text) -> bool:
    """Whether the words after a gift's name something else than the offer's gift."""
    said, after = around.said(claim), END_OF_PHRASE.split(around.after(claim)[:40])[0]
    name = around.known.gift
    if CHINESE_LETTER.search(said):
        return _names_another_chinese(said, after, name or "".join(around.known.names))
    return _names_another_english(said, after, name or " ".join(around.known.names))


def _names_another_chinese(said: str, after: str, name: str) -> bool:
    """No two letters of what is given stand in the name."""
    given = ONE_PIECE.sub("", re.split(r"[送赠得领]", said)[-1] + after)
    head = _general_chinese().sub("", NEXT_PIECE.split(given)[0])
    letters = re.sub(r"[^\u4e00-\u9fff]", "", head)
    return len(letters) >= 2 and not any(letters[at : at + 2] in name for at in range(len(letters) - 1))


def _names_another_english(said: str, after: str, name: str) -> bool:
    """A word of what is given is neither general nor in the name."""
    given = re.findall(r"[a-z]+", re.sub(r"^(?:an?|the|our|your) ", "", f"{said} {after}".lower()))
    tail = given[given.index("free") + 1 :] if "free" in given else given
    ends, general = words.words("gift", "ends_a_name"), words.words("gift", "general", "en")
    own = {*general, *re.findall(r"[a-z]+", name.lower())}
    return any(word not in own for word in itertools.takewhile(lambda word: word not in ends, tail[:4]))


@functools.cache
def _general_chinese() -> re.Pattern[str]:
    return re.compile(words.choices("gift", "general", "zh"))


def _buy_get(claim: Claim, around: Text) -> Verdict:
    """Buy one, get one: true with the numbers of the offer, for free and not at half price."""
    offer, said = around.known.offer, around.said(claim)
    if offer.kind != "buy_x_get_y":
        return no_fact(claim)
    buy, free = offer.tiers[0] if offer.tiers else (0.0, 0.0)
    dearer = "price" in said.lower() or "半价" in said or "折" in said
    right = not dearer and _numbers_fit(said, buy, free)
    return true(claim, "brief: offer") if right else refused(claim, "other_offer")


def _numbers_fit(said: str, buy: float, free: float) -> bool:
    numbers = _numbers(said)
    if re.search(r"\bfor\b(?! free)", said, re.I) and len(numbers) >= 2:  # three for two
        return numbers[:2] == [buy + free, buy]
    if said.lower().startswith("pay"):
        return numbers[:2] == [buy, buy + free]
    if re.search(r"third|fourth|3rd|4th|2nd|second", said, re.I) and "buy" not in said.lower():
        return numbers[:1] == [buy + 1]
    if len(numbers) >= 2:
        if re.search(r"\bthe (?:second|third|fourth)", said, re.I):  # buy two, get the third free
            return numbers[:2] == [buy, buy + free]
        return numbers[:2] == [buy, free]
    return not numbers or numbers[0] in (buy, free)


def _numbers(said: str) -> list[float]:
    found = re.findall(r"[A-Za-z]+|\d+|[一二两三四五六七八九十]", said)
    read = [value(ORDINALS.get(word.lower(), word)) for word in found]
    return [number for number in read if number is not None]
