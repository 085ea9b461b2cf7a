"""Each claim of a text held against what is known: true with its row, or refused with the reason."""

import itertools
import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from engine.campaign.known import FEW_LEFT, FEW_PRODUCTS, Known, Line, World, after
from engine.campaign.reading import names
from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, plainer, value
from engine.campaign.reading.read import ONLY, PROMISES, read
from engine.campaign.reading.spans import clause_of, sentence_of
from engine.sentences import Said, Sentence

MONEY_EPSILON = 0.005
# Properties that are true only in the catalogue's very words.
EXACT = ("tested", "certified", "patented", "award", "official", "garment_size", "carrier", "buttons")
POLICED = ("delivery", "guarantee", "points")  # promises that the shop's policy files may make
LOOSE = {
    "delivery_time",
    "returns",
    "left",
    "stars",
    "reviews",
    "points",
}  # said of other things too: with a number only


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim and whether it is known to be true: with the row it stands in, and the slot that says it if there is one."""

    claim: Claim
    true: bool
    row: str = ""
    slot: str | None = None
    reason: Said = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in plain signs while it is judged. `holes`: (start, end, slot) of the slots in it."""

    plain: str
    holes: Sequence[tuple[int, int, str]]
    known: World
    claims: Sequence[Claim]

    def sentence(self, claim: Claim) -> str:
        """The sentence a claim is in."""
        first, last = sentence_of(self.plain, claim.start)
        return self.plain[first:last]

    def clause(self, claim: Claim) -> tuple[int, int]:
        """(start, end) of the clause a claim is in."""
        return clause_of(self.plain, claim.start, claim.end)

    def among(self, first: int, last: int, *kinds: str) -> list[Claim]:
        """The claims of these kinds between two places."""
        return [one for one in self.claims if first <= one.start and one.end <= last and one.kind in kinds]

    def products(self, claim: Claim) -> list[str]:
        """The products that the claim's sentence names."""
        first, last = sentence_of(self.plain, claim.start)
        said = self.plain[first:last]
        whole = [str(one.value) for one in names.products(said, self.known.names)]
        return list(dict.fromkeys([*whole, *(name for head, name in self.known.heads.items() if _whole(head, said))]))

    def has_slot(self, claim: Claim, slot: str) -> bool:
        """Whether the claim's sentence says a slot."""
        first, last = sentence_of(self.plain, claim.start)
        return any(first <= start < last and name == slot for start, _, name in self.holes)


def judge(text: str, known: World, holes: Sequence[tuple[int, int, str]] = ()) -> list[Verdict]:
    """The claims of a text in which slots are masked, each with its verdict, in order of place."""
    plain = plainer(text)
    named = list(names.products(plain, (*known.names, *known.others)))
    near = [one for one in names.misspelt(plain, (*known.names, *known.others), known.words) if not _within(one, named)]
    taken = [(one.start, one.end) for one in (*named, *near)]
    taken += [match.span() for head in known.heads for match in re.finditer(re.escape(head), plain, re.I)]
    every = read(text, known.currency, known.nouns)
    found = [one for one in every if not any(first <= one.start and one.end <= last for first, last in taken)]
    around = Text(plain, holes, known, found)
    promises = {one: PROMISED[one.kind](one, around) for one in found if one.kind in PROMISES}
    verdicts = [_named(one, known) for one in (*named, *_once(near))]
    verdicts += [verdict for verdict in promises.values() if verdict is not None]
    for claim in found:
        if claim.kind not in PROMISES:
            verdict = _with_a_promise(claim, around, promises) or JUDGES[claim.kind](claim, around)
            verdicts += [verdict] if verdict is not None else []
    return sorted(verdicts, key=lambda verdict: (verdict.claim.start, verdict.claim.end))


def _within(claim: Claim, others: Iterable[Claim]) -> bool:
    return any(other.start < claim.end and claim.start < other.end for other in others)


def _once(claims: Iterable[Claim]) -> list[Claim]:
    kept: list[Claim] = []
    for claim in claims:
        if not any(other.start < claim.end and claim.start < other.end for other in kept):
            kept.append(claim)
    return kept


def _true(claim: Claim, row: str, slot: str | None = None) -> Verdict:
    return Verdict(claim, True, row, slot, Sentence("claims.stands", {"row": row}))


def _refused(claim: Claim, key: str, **values: object) -> Verdict:
    return Verdict(claim, False, reason=Sentence(f"claims.{key}", values))


def _no_fact(claim: Claim) -> Verdict:
    return _refused(claim, f"no_{claim.kind}")


# --- names ---


def _named(claim: Claim, known: World) -> Verdict:
    name = str(claim.value)
    if name in known.names:
        return _true(claim, "brief: gift" if name == known.gift else f"products: {name}")
    if name in known.others:
        return _refused(claim, "other_product")
    if name.startswith("like "):
        return _refused(claim, "nearly_a_product", name=name[5:])
    return _refused(claim, "unknown_product")


def _code(claim: Claim, around: Text) -> Verdict:
    known = around.known
    if known.code and str(claim.value) == known.code.upper():
        return _true(claim, "brief: code", "code")
    return _refused(claim, "other_code", code=known.code) if known.code else _refused(claim, "no_code")


# --- amounts ---


def _amount(claim: Claim, around: Text) -> Verdict | None:
    known = around.known
    named = around.products(claim)
    own = [one for one in known.amounts if one.kind == claim.kind and _equal(one, claim)]
    meant = [one for one in own if not claim.roles or one.role in claim.roles or _also(one, claim)]
    about = [one for one in meant if _is_about(one, named, claim, around)]
    if about:
        best = min(about, key=lambda one: (one.slot is None, bool(one.product)))
        return _true(claim, best.row, best.slot)
    if claim.kind == "money" and (row := _together(claim, named, known)):
        return _true(claim, row)
    if claim.kind == "percent" and (line := _share_in_lines(claim, around)):
        return _true(claim, line.row)
    if own and not meant:
        return _refused(claim, "other_role", row=own[0].row)
    if meant and meant[0].product and meant[0].count == 1 and named:
        return _refused(claim, "other_products_price", product=meant[0].product)
    facts = sorted({_said(one) for one in known.amounts if one.kind == claim.kind and one.slot})
    return _refused(claim, f"other_{claim.kind}", facts=tuple(facts)) if facts else _no_fact(claim)


def _together(claim: Claim, named: list[str], known: World) -> str | None:
    """The row of what the products a sentence names cost together, before or after the offer."""
    prices = {
        one.product: float(one.value)
        for one in known.amounts
        if one.product in named and one.role == "price" and one.count == 1 and one.unit == claim.unit
    }
    if len(prices) < 2:
        return None
    total = sum(prices.values())
    for amount, row in (
        (total, "products: prices together"),
        (after(known.offer, total), "products: prices together - discount"),
    ):
        if abs(amount - float(claim.value)) < MONEY_EPSILON:
            return row
    return None


def _is_about(one: Known, named: list[str], claim: Claim, around: Text) -> bool:
    """Whether an amount of a product is what the sentence speaks of: of one it names, or of one of the brief's few."""
    if not one.product:
        return True
    if one.count > 1 and one.count not in _numbers_in(around.sentence(claim)):
        return False
    if one.product == around.known.gift:
        return one.product in named
    named = [name for name in named if name != around.known.gift]
    if named:
        return one.product in named
    return len(around.known.names) <= FEW_PRODUCTS and (bool(around.known.briefed) or not claim.roles & {"min", "off"})


def _numbers_in(text: str) -> set[float]:
    written = re.finditer(rf"{FIGURES}|{ENGLISH}|{CHINESE}", text, re.I)
    return {number for match in written if (number := value(match.group())) is not None}


def _equal(known: Known, claim: Claim) -> bool:
    if isinstance(known.value, str) or isinstance(claim.value, str):
        return known.value == claim.value
    return abs(known.value - claim.value) < MONEY_EPSILON / (1 if claim.kind == "money" else 100) and (
        claim.kind != "money" or known.unit == claim.unit
    )


def _also(known: Known, claim: Claim) -> bool:
    """Roles that one word may stand for: "pay $34" and "$40 before" are prices, a cap is money off too."""
    pairs = {("price", "was"), ("price", "now"), ("now", "price"), ("cap", "off"), ("off", "cap")}
    if known.role == "price" and "now" in claim.roles:
        return not known.product or True
    return any((known.role, role) in pairs for role in claim.roles) or known.role == ""


def _said(known: Known) -> str:
    if isinstance(known.value, str):
        return known.value
    return f"{known.value * 100:g}%" if known.kind == "percent" else f"{known.value:g} {known.unit}"


def _share_in_lines(claim: Claim, around: Text) -> Line | None:
    """A line that says the same share of the same thing: 100% wool."""
    after = around.plain[claim.end : claim.end + 24]
    for line in _own_lines(claim, around):
        said = plainer(line.text)
        for other in line.claims:
            if other.kind == "percent" and other.value == claim.value:
                rest = said[other.end : other.end + 24]
                if _first_word(rest) and _first_word(rest) == _first_word(after):
                    return line
        # A material column that holds one word and nothing else is all of it.
        if (
            claim.value == 1.0
            and line.row.endswith("material")
            and after.strip().lower().startswith(line.text.strip().lower())
        ):
            return line
    return None


def _first_word(text: str) -> str:
    found = re.match(r"\s*(?:of\s+|pure\s+|的)?([A-Za-z]+|[\u4e00-\u9fff]{2})", text)
    return found.group(1).lower() if found else ""


def _number(claim: Claim, around: Text) -> Verdict | None:
    known, number = around.known, float(claim.value)
    if claim.unit == "times":
        return _no_fact(claim)
    counted = _counted(claim, around)
    tier = known.offer.tiers[0] if known.offer.kind == "buy_x_get_y" and known.offer.tiers else (0.0, 0.0)
    if counted is not None:
        bundles = {1.0, *tier, sum(tier)}
        right = number in {bundle * figure for bundle in bundles for figure in counted[0]}
        return _true(claim, counted[1]) if right else _no_fact(claim)
    if number in (*tier, sum(tier)) and any(tier):
        return _true(claim, "brief: offer")
    if claim.unit in ("tier", "threshold", "step", "level", "档"):
        return _true(claim, "brief: offer") if number == len(known.offer.tiers) else _no_fact(claim)
    in_stock = [name for name, left in (known.stock or {}).items() if left == number and claim.unit in name.lower()]
    if claim.unit and in_stock:
        return _true(claim, f"products: stock of {in_stock[0]}")
    if known.briefed > 1 and number == known.briefed and _counts_products(claim, around):
        return _true(claim, "brief: product_ids")
    sums = around.among(*sentence_of(around.plain, claim.start), "money")
    together = [one for one in known.amounts if one.count == number and any(_equal(one, other) for other in sums)]
    if together:
        return _true(claim, together[0].row)
    for line in _own_lines(claim, around):
        for other in line.claims:
            figures = {float(other.value)} if other.kind in ("number", "measure", "duration") else set()
            figures |= set(other.figures)
            # Of buy one, get one, the pieces of both.
            if number in {bundle * figure for figure in figures for bundle in (1.0, *tier, sum(tier))} and _same_thing(
                claim, line
            ):
                return _true(claim, line.row)
    return _no_fact(claim)


def _counted(claim: Claim, around: Text) -> tuple[set[float], str] | None:
    """How many of the same thing the catalogue counts, and where; None where it counts none."""
    said = f"{around.plain[claim.start : claim.end]}{around.plain[claim.end :][:16]}".lower()
    english = re.match(rf"(?:{FIGURES}|{ENGLISH})[- ](?P<noun>[a-z]+(?: [a-z]+)?)", said)
    chinese = re.search("[\u4e00-\u9fff]{2}$", around.plain[: claim.start])
    for line in _own_lines(claim, around):
        text = plainer(line.text).lower()
        if chinese and claim.unit:
            found = re.findall(rf"{chinese.group()}({FIGURES}|{CHINESE})\s*{claim.unit}", text)
        elif english:
            noun = re.escape(re.sub(r"s$", "", english["noun"]))
            # "a flat sheet" counts; "in a tin" does not.
            article = "an?|" if re.fullmatch(r"\w+ \w+s", english["noun"]) else ""
            found = re.findall(rf"\b({article}{FIGURES}|{ENGLISH})[- ]{noun}", text)
        else:
            found = []
        numbers = {number for one in found if (number := value("one" if one in ("a", "an") else one)) is not None}
        if numbers:
            return numbers, line.row
    return None


def _counts_products(claim: Claim, around: Text) -> bool:
    general = {
        "product", "item", "piece", "set", "style", "", "件", "款", "种", "样", "个", "只", "favourite", "favorite", "thing",
        "find", "classic", "essential", "staple",
    }  # fmt: skip
    names = (*around.known.names, *(around.known.categories or {}).values())
    return claim.unit in general or any(claim.unit in name.lower() for name in names)


def _same_thing(claim: Claim, line: Line) -> bool:
    """Whether a line counts what the claim counts; a claim that does not say what it counts is taken for the same."""
    return not claim.unit or claim.unit in line.text.lower()


def _measure(claim: Claim, around: Text) -> Verdict | None:
    for line in _own_lines(claim, around):
        for other in line.claims:
            same = other.kind == "measure" and other.unit == claim.unit
            if same and (other.figures == claim.figures or (len(claim.figures) == 1 and other.value == claim.value)):
                return _true(claim, line.row)
    if re.match(r"(?:one|an?|一|半)", around.plain[claim.start : claim.end], re.I):
        return None  # "a metre away", 一米阳光: no figure
    return _no_fact(claim)


# --- days ---


def _date(claim: Claim, around: Text) -> Verdict | None:
    known, said = around.known, str(claim.value)
    if known.starts is None or known.ends is None:
        return _amount(claim, around)
    if said == "clock":
        return _refused(claim, "no_clock")
    right = DAYS[said.split()[0]](claim, known, around) if said.split()[0] in DAYS else _on_a_day(claim, known, around)
    if right:
        slot = right if right in ("starts_at", "ends_at") else None
        return _true(claim, "brief: " + (slot or "starts_at, ends_at"), slot)
    return _refused(claim, "other_date", starts=known.starts.isoformat(), ends=known.ends.isoformat())


def _on_a_day(claim: Claim, known: World, around: Text) -> str | None:
    """The slot of a day that is said in figures; "MM-last" is a month's last day."""
    days = {"starts_at": known.starts, "ends_at": known.ends}
    wanted = {"start": ("starts_at",), "end": ("ends_at",)}
    slots = [slot for role in claim.roles for slot in wanted[role]] or ["ends_at", "starts_at"]
    for slot in slots:
        day = days[slot]
        if day is None:
            continue
        ways = {day.isoformat(), f"{day:%m-%d}"}
        if day.day == monthrange(day.year, day.month)[1]:
            ways.add(f"{day:%m}-last")
        if ways & set(str(claim.value).split("|")):
            return slot if claim.unit in ("", str(day.weekday())) else None
    return None


def _month(claim: Claim, known: World, around: Text) -> str | None:
    month = int(str(claim.value).split()[1])
    before = around.plain[: claim.start + 8].lower()
    covered = {known.starts.month, known.ends.month} if known.starts and known.ends else set()
    if re.search(r"(?:until|till|by)\s*\w*$", before):
        return "ends" if known.ends and known.ends.month == month else None
    return "window" if month in covered else None


def _year(claim: Claim, known: World, around: Text) -> str | None:
    return (
        "window"
        if known.ends and known.starts and int(str(claim.value).split()[1]) in (known.starts.year, known.ends.year)
        else None
    )


def _weekday(claim: Claim, known: World, around: Text) -> str | None:
    number = int(str(claim.value).split()[1])
    assert known.starts and known.ends
    beside = around.among(*sentence_of(around.plain, claim.start), "date")
    dated = any("-" in str(one.value) and one is not claim for one in beside)
    if (known.ends - known.starts).days >= 7 and not dated and not ONLY.search(around.sentence(claim)):
        return None
    before = around.plain[: claim.end].lower()
    starting = re.search(r"(?:from|starts?|starting|begins?|自|从)[\s\w]{0,8}$", before[: claim.end])
    starting = starting or re.match(r"\s*(?:起|开始|开启)", around.plain[claim.end :])
    day = known.starts if starting and not re.search(r"(?:to|until|till|至|到)[\s\w]*$", before) else known.ends
    if re.match(r"\s*(?:to|until|-|至|到)", around.plain[claim.end :]):
        day = known.starts
    return "window" if day.weekday() == number else None


def _today(claim: Claim, known: World, around: Text) -> str | None:
    """Copy is read on the day of its send, which is the plan's first day."""
    said = around.plain[claim.start : claim.end].lower()
    if re.search(r"start|begin|from|launch|arrive|起|开始|开抢|上线|发售", said):
        return "starts_at"
    return "ends_at" if known.starts == known.ends else None


def _one_day(claim: Claim, known: World, around: Text) -> str | None:
    """Today only, the last day: of a plan of one day, or beside the day it ends."""
    beside = around.among(*sentence_of(around.plain, claim.start), "date")
    ends = any("-" in str(one.value) and _on_a_day(one, known, around) == "ends_at" for one in beside)
    return "ends_at" if known.starts == known.ends or (ends and claim.value == "last") else None


def _tomorrow(claim: Claim, known: World, around: Text) -> str | None:
    return "window" if known.starts and known.ends == known.starts + timedelta(days=1) else None


def _weekend(claim: Claim, known: World, around: Text) -> str | None:
    assert known.starts and known.ends
    short = (known.ends - known.starts).days <= 3
    return "window" if short and known.starts.weekday() >= 3 and known.ends.weekday() in (5, 6, 0) else None


def _week(claim: Claim, known: World, around: Text) -> str | None:
    assert known.starts and known.ends
    same = known.starts - timedelta(days=known.starts.weekday()) == known.ends - timedelta(days=known.ends.weekday())
    return "window" if same or (known.ends - known.starts).days in (6, 7) else None


def _this_month(claim: Claim, known: World, around: Text) -> str | None:
    assert known.starts and known.ends
    last = monthrange(known.ends.year, known.ends.month)[1]
    ending = re.search(r"end|rest|月底|月末", around.plain[claim.start : claim.end], re.I)
    same = (known.starts.year, known.starts.month) == (known.ends.year, known.ends.month)
    return "window" if same and (not ending or known.ends.day == last) else None


def _day_alone(claim: Claim, known: World, around: Text) -> str | None:
    number = int(str(claim.value).split()[1])
    for slot, day in (("ends_at", known.ends), ("starts_at", known.starts)):
        if day and day.day == number and claim.unit in ("", str(day.weekday())):
            return "window"
    return None


DAYS: dict[str, Callable[[Claim, World, Text], str | None]] = {
    "day": _day_alone,
    "month": lambda claim, known, around: (_month if " " in str(claim.value) else _this_month)(claim, known, around),
    "year": _year,
    "weekday": _weekday,
    "today": _today,
    "today_only": _one_day,
    "last": _one_day,
    "tomorrow": _tomorrow,
    "weekend": _weekend,
    "week": _week,
}


def _duration(claim: Claim, around: Text) -> Verdict | None:
    known, days = around.known, float(claim.value)
    lasting = [(line, one) for line in _own_lines(claim, around) for one in line.claims if one.kind == "duration"]
    for line, one in lasting:
        if one.value == days:
            return _true(claim, line.row)
    sentence = around.sentence(claim)
    said = around.plain[claim.start : claim.end].lower()
    kinds = ("percent", "money", "gift", "points", "date", "delivery", "code")
    limited = re.search(r"(?:for|only|just|within|lasts?|连着?|整整|共|为期)\s*$", around.plain[: claim.start], re.I)
    spoken_of = (
        (limited and days > 1) or ONLY.search(sentence) or around.among(*sentence_of(around.plain, claim.start), *kinds)
    )
    if any(one.unit == claim.unit for _, one in lasting):
        return _no_fact(claim)
    # In words, a while is part of the scene unless an offer is spoken of; a single hour or day always is.
    scene = claim.unit in ("hour", "minute", "night", "小时", "个小时", "分钟") or said.startswith(("one ", "一", "半"))
    if not re.search(r"\d", said) and (not spoken_of or scene) and not (claim.unit in ("year", "年") and days > 365):
        return None
    if known.starts and known.ends:
        length = (known.ends - known.starts).days
        if days in (length, length + 1) or (claim.unit in ("month", "个月") and 28 <= length + 1 <= 31 and days == 30):
            return _true(claim, "brief: starts_at, ends_at")
    return _no_fact(claim)


# --- properties ---


def _own_lines(claim: Claim, around: Text) -> list[Line]:
    """The catalogue's lines of the products that the sentence names, or of all that copy may speak about.

    What stands of the gift is true of the gift alone.
    """
    named, gift = around.products(claim), around.known.gift
    return [
        line
        for line in around.known.lines
        if not line.policy and (line.product in named if named else not line.product or line.product != gift)
    ]


def _attribute(claim: Claim, around: Text) -> Verdict | None:
    said = around.plain[claim.start : claim.end].lower()
    name = str(claim.value)
    if name.startswith("made of "):
        return _made_of(claim, around, name.removeprefix("made of "))
    known_name = next((one for one in around.known.names if said in one.lower()), None)
    for line in _own_lines(claim, around):
        listed = any(other.kind == "attribute" and other.value == name for other in line.claims)
        ranged = name == "garment_size" and _in_range(said, line.text)
        if (listed and name not in EXACT) or ranged or _whole(said, line.text):
            return _true(claim, line.row)
    if known_name and (not around.products(claim) or known_name in around.products(claim)):
        return _true(claim, f"products: {known_name}")
    return _no_fact(claim)


SIZES = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")


def _in_range(said: str, text: str) -> bool:
    """Whether a garment size lies in a range such as XS-XL."""
    found = re.search(r"(?<!\w)(x{0,3}[sml])\s*[-–~至到]\s*(x{0,3}[sml])(?!\w)", text, re.I)
    if not found or said not in SIZES:
        return False
    return SIZES.index(found[1].lower()) <= SIZES.index(said) <= SIZES.index(found[2].lower())


def _whole(said: str, text: str) -> bool:
    """Whether the words stand in a line; a size may be said with the word size."""
    head = re.sub(r"[- ]?sized?$|^wood(?:en)? ", "", said).strip()
    if re.search("[\u4e00-\u9fff]", head):
        return head in text
    return bool(head) and bool(re.search(rf"(?<!\w){re.escape(head)}(?!\w)", text, re.I))


def _made_of(claim: Claim, around: Text, material: str) -> Verdict | None:
    """Materials and places of no list: true where the catalogue has the word."""
    if material in around.known.words:
        return None
    head = re.findall(r"[a-z]{3,}", material)[-1:]
    pieces = head or [material[at : at + 2] for at in range(len(material) - 1)]
    lines = _own_lines(claim, around)
    for line in lines:
        if any(piece in line.text.lower() for piece in pieces):
            return _true(claim, line.row)
    return _no_fact(claim) if lines else None


# --- promises ---


def _with_a_promise(claim: Claim, around: Text, promises: Mapping[Claim, Verdict | None]) -> Verdict | None:
    """The verdict on an amount that belongs to a promise beside it; None where it belongs to none."""
    if claim.kind not in ("duration", "number", "money"):
        return None
    first, last = around.clause(claim)
    sentence = sentence_of(around.plain, claim.start)
    refused = None
    for promise, verdict in promises.items():
        if verdict is None or sentence_of(around.plain, promise.start) != sentence:
            continue
        if verdict.true and (row := _row_beside(claim, promise, verdict, around)):
            return _true(claim, row)
        if not verdict.true and first <= promise.start and promise.end <= last:
            refused = verdict
    if refused is not None and claim.kind != "money":
        return Verdict(claim, False, reason=refused.reason)
    return None


def _row_beside(claim: Claim, promise: Claim, verdict: Verdict, around: Text) -> str | None:
    """Where the lines that bear out a promise, or others of the same policy, say this amount too."""
    known = around.known
    if promise.kind == "stock" and float(claim.value) in (known.stock or {}).values():
        return verdict.row
    if (
        promise.kind == "gift"
        and claim.kind == "number"
        and known.offer.tiers
        and float(claim.value) in known.offer.tiers[0]
    ):
        return verdict.row
    if promise.kind == "points" and claim.kind == "number" and float(claim.value) == _said_number(promise, around):
        return verdict.row
    if promise.kind == "points" and claim.kind == "money" and (row := _worth(promise, claim, around)):
        return row
    file = verdict.row.partition(",")[0]
    for line in known.lines:
        same_file = line.policy and line.row.partition(",")[0] == file
        if (line.row == verdict.row or same_file or line in _lines_of(promise, around)) and _line_says(line, claim):
            return line.row
    return None


def _said_number(points: Claim, around: Text) -> float | None:
    """How many points: the number before the word, or after it."""
    words = rf"(?P<n>{FIGURES}|{ENGLISH}|{CHINESE})\s*(?:\w+ )?(?:bonus |loyalty |extra )?$"
    before = re.search(words, around.plain[: points.start], re.I)
    after = re.match(rf"\s*(?P<n>{FIGURES}|{CHINESE})(?!\s*(?:个月|年|天|日|周))", around.plain[points.end :])
    said = before or after
    return value(said["n"]) if said else None


def _worth(points: Claim, claim: Claim, around: Text) -> str | None:
    """The policy by which so many points are worth, or are collected for, this much money."""
    number = _said_number(points, around) or 0.0
    for line in around.known.lines:
        if line.policy and any(one.value == "points" for one in line.claims):
            figures = [float(one.value) for one in line.claims if one.kind == "number"]
            worth = [float(one.value) for one in line.claims if one.kind == "money" and one.unit == claim.unit]
            each = {number / figure * money for figure in figures[:1] if figure for money in worth[:1]}
            if any(abs(one - float(claim.value)) < MONEY_EPSILON for one in each):
                return line.row
    return None


def _line_says(line: Line, claim: Claim) -> bool:
    """Whether a line says the amount: a duration in days, the longer end of a range; a number; money."""
    for other in line.claims:
        same = other.kind == claim.kind and other.value == claim.value
        if same and (claim.kind == "duration" or other.unit == claim.unit or claim.kind == "number"):
            return len(claim.figures) < 2 or claim.figures[0] == other.figures[0]
        if claim.kind == "number" and claim.value in other.figures:
            return True
    return False


def _figures(claim: Claim, around: Text) -> set[float]:
    """The numbers of a promise's clause that are neither money nor a share."""
    return {float(one.value) for one in _amounts_beside(claim, around) if one.kind == "number"}


def _amounts_beside(claim: Claim, around: Text) -> list[Claim]:
    return around.among(*around.clause(claim), "duration", "number")


def _policed(claim: Claim, around: Text) -> Verdict | None:
    """A promise of delivery, return, guarantee or points: true where the offer or a policy makes it."""
    beside, name, known = _amounts_beside(claim, around), str(claim.value), around.known
    first, last = around.clause(claim)
    if name in LOOSE and not beside and not around.among(first, last, "date"):
        return None
    own = _lines_of(claim, around)
    if not own:
        return _no_fact(claim)
    of_offer = [line for line in own if line.row.startswith("brief")]
    others = [line for one in around.among(first, last, *POLICED) for line in _lines_of(one, around)]
    unsaid = [one for one in beside if not any(_line_says(line, one) for line in others if line not in own)]
    if of_offer and known.starts and known.ends:
        length = (known.ends - known.starts).days
        unsaid = [one for one in unsaid if not (one.kind == "duration" and one.value in (length, length + 1))]
    fitting = [line for line in own if all(_line_says(line, one) for one in unsaid)]
    if not fitting:
        return _refused(claim, "other_policy", policy=own[0].text, row=own[0].row)
    free = [line for line in fitting if _condition_is_said(line, around, claim)]
    if not free:
        return _refused(claim, "condition", policy=fitting[0].text, row=fitting[0].row)
    best = min(free, key=lambda line: not line.row.startswith("brief"))
    return _true(claim, best.row, "offer" if best.row.startswith("brief: offer") else None)


def _lines_of(claim: Claim, around: Text) -> list[Line]:
    """The lines that speak of what a promise speaks of."""
    return [
        line
        for line in around.known.lines
        if (line.policy or claim.kind == "points")
        and any(other.kind == claim.kind and other.value == claim.value for other in line.claims)
        and _applies(line, around, claim)
        and (claim.value not in EXACT or around.plain[claim.start : claim.end].lower() in line.text.lower())
    ]


def _applies(line: Line, around: Text, claim: Claim) -> bool:
    """Whether a policy speaks of what the copy speaks of, and does not deny it."""
    first, last = around.clause(claim)
    denied = bool(re.search(r"\b(?:no|not|never|without)\b|不|没有|无(?!理由)", around.plain[first:last], re.I))
    if line.denies and not denied and not re.search(r"不满|无理由|without giving", line.text):
        return False
    categories = set((around.known.categories or {}).values())
    sentence = around.sentence(claim).lower()
    said = {one for one in line.about if one.lower() in sentence}
    return not line.about or bool(said) or (bool(line.about & categories) and len(categories) <= len(line.about))


def _condition_is_said(line: Line, around: Text, claim: Claim) -> bool:
    """A promise from a certain order value on is true only with that value in the sentence."""
    if claim.value != "free_delivery" or line.row.startswith("brief"):
        return True
    asked = {(one.value, one.unit) for one in line.claims if one.kind == "money" and "min" in one.roles}
    first, last = sentence_of(around.plain, claim.start)
    said = {(one.value, one.unit) for one in around.among(first, last, "money")}
    return not asked or bool(asked & said)


def _gift(claim: Claim, around: Text) -> Verdict | None:
    """A gift, a free piece or a voucher: true where the offer is one, and named only if it is the offer's."""
    known, name = around.known, str(claim.value)
    offer, sentence = known.offer, around.sentence(claim)
    if name == "buy_get":
        return _buy_get(claim, around)
    if name == "voucher":
        return (
            _true(claim, "brief: offer")
            if offer.kind in ("percent", "amount", "spend_save")
            and re.search(r"券|coupon|voucher", around.plain[claim.start : claim.end], re.I)
            else _no_fact(claim)
        )
    if name == "prize":
        return _no_fact(claim)
    if offer.kind == "buy_x_get_y":
        if _other_gift(claim, around):
            return _refused(_with_what_follows(claim, around), "other_offer")
        return _true(claim, "brief: offer")
    if name == "free":
        others = [
            one
            for one in around.claims
            if one.kind in ("delivery", "guarantee", "gift")
            and one is not claim
            and sentence_of(around.plain, one.start) == sentence_of(around.plain, claim.start)
        ]
        if any((verdict := PROMISED[one.kind](one, around)) and verdict.true for one in others if one.value != "free"):
            return None
    if (
        offer.kind == "points"
        and re.search(r"[送赠]", around.plain[claim.start : claim.end])
        and re.search(r"积分", sentence)
    ):
        return None
    if re.search(r"[送赠]", around.plain[claim.start : claim.end]) and around.among(
        claim.start, min(claim.end + 12, len(around.plain)), "money"
    ):
        return None  # 满300送50: the amount speaks
    if offer.kind != "gift":
        return _no_fact(_with_what_follows(claim, around))
    if _other_gift(claim, around):
        return _refused(_with_what_follows(claim, around), "other_gift", gift=known.gift)
    return _true(claim, "brief: gift")


def _with_what_follows(claim: Claim, around: Text) -> Claim:
    """The claim with all that it gives: what follows, or, before "is on us", what precedes."""
    if re.search(r"on us$", around.plain[claim.start : claim.end], re.I):
        return replace(claim, start=around.clause(claim)[0])
    stop = re.search(r"[,.!?;:，。！？；：、\n\ufffc]", around.plain[claim.end :])
    end = claim.end + (stop.start() if stop else len(around.plain) - claim.end)
    return replace(claim, end=min(end, claim.end + 30))


ENDS_A_NAME = frozenset(["would", "costs", "be", "normally", "usually"]) | frozenset(
    "is are was comes come when with for from to until till and or as that in on inside if while".split()
)


def _other_gift(claim: Claim, around: Text) -> bool:
    """Whether the words after a gift's name something else than the offer's gift."""
    known = around.known
    said = around.plain[claim.start : claim.end]
    after = re.split(r"[,.!?;:，。！？；：、]", around.plain[claim.end : claim.end + 40])[0]
    if re.search("[\u4e00-\u9fff]", said):
        rest = re.sub(
            r"^(?:您|你|出|上|的|给)?(?:一|两|二|三|[0-9])?[份件瓶支个只盒套条片包罐张枚]?",
            "",
            re.split(r"[送赠得领]", said)[-1] + after,
        )
        name = known.gift or "".join(known.names)
        pairs = {name[at : at + 2] for at in range(len(name) - 1)}
        head = re.split(r"[一两二三\d][份件瓶支个只盒套条片包罐张枚]", rest)[0]
        words = re.sub(
            r"好礼|礼物|赠品|礼品|惊喜|心意|伴手礼|小礼|完为止|完即止|给您|您|带走|带回家|到手|领走|拿走|免费|随单",
            "",
            head,
        )
        letters = re.sub(r"[^\u4e00-\u9fff]", "", words)
        return len(letters) >= 2 and not any(letters[at : at + 2] in pairs for at in range(len(letters) - 1))
    english = re.findall(r"[a-z]+", re.sub(r"^(?:an?|the|our|your) ", "", f"{said} {after}".lower()))
    tail = english[english.index("free") + 1 :] if "free" in english else english
    own = set(re.findall(r"[a-z]+", (known.gift or " ".join(known.names)).lower()))
    general = set(
        [
            "gift",
            "gifts",
            "present",
            "treat",
            "something",
            "extra",
            "surprise",
            "little",
            "small",
            "special",
            "bonus",
            "welcome",
            "birthday",
            "mystery",
            "with",
            "for",
            "on",
            "us",
            "you",
            "your",
            "our",
            "the",
            "a",
            "an",
            "of",
            "charge",
            "when",
            "if",
            "to",
            "from",
            "in",
            "and",
            "every",
            "each",
            "order",
            "orders",
            "until",
            "over",
            "is",
            "are",
            "comes",
            "come",
            "free",
            "complimentary",
            "inside",
            "it",
            "we",
            "will",
            "ll",
            "add",
            "slip",
            "tuck",
            "put",
            "include",
            "pop",
            "as",
            "that",
            "at",
            "spend",
            "from",
            "this",
            "any",
            "all",
            "purchase",
            "basket",
            "parcel",
            "box",
            "comes",
            "waiting",
            "yours",
            "no",
            "cost",
            "thank",
            "thanks",
        ]
    )
    named = itertools.takewhile(lambda word: word not in ENDS_A_NAME, tail[:4])
    return any(word not in general | own for word in named)


def _buy_get(claim: Claim, around: Text) -> Verdict:
    offer = around.known.offer
    said = around.plain[claim.start : claim.end]
    if offer.kind != "buy_x_get_y":
        return _no_fact(claim)
    numbers = [
        number
        for word in re.findall(r"[A-Za-z]+|\d+|[一二两三四五六七八九十]", said)
        if (
            number := value(
                {"another": "one", "a": "one", "third": "three", "second": "two", "fourth": "four"}.get(
                    word.lower(), word
                )
            )
        )
        is not None
    ]
    buy, free = offer.tiers[0] if offer.tiers else (0.0, 0.0)
    if "price" in said.lower() or "半价" in said or "折" in said:
        return _refused(claim, "other_offer")
    if re.search(r"\bfor\b(?! free)", said, re.I) and len(numbers) >= 2:
        right = numbers[0] == buy + free and numbers[1] == buy
    elif re.search(r"third|fourth|3rd|4th|2nd|second", said, re.I) and "buy" not in said.lower():
        right = numbers[:1] == [buy + 1]
    elif len(numbers) >= 2:
        right = numbers[0] == buy and numbers[1] == free
    else:
        right = not numbers or numbers[0] in (buy, free)
    return _true(claim, "brief: offer", None) if right else _refused(claim, "other_offer")


def _points(claim: Claim, around: Text) -> Verdict | None:
    """Points: as many as the offer gives; else what the policy says of them, an amount only with what it is for."""
    known, name = around.known, str(claim.value)
    first, last = around.clause(claim)
    beside = around.plain[max(0, claim.start - 16) : claim.end]
    if name == "member":
        return _true(claim, "brief: offer") if known.offer.kind == "early_access" else _no_fact(claim)
    if name == "points_forever":
        return _policed(claim, around)
    if re.search(r"double|triple|quadruple|[双多翻加\d一二两三四五六七八九十]倍|翻番", beside, re.I):
        return _no_fact(claim)
    number = _said_number(claim, around)
    if known.offer.kind == "points" and (number is None or number == known.offer.discount):
        return _true(claim, "brief: offer", "offer" if number is None else None)
    lines = _lines_of(claim, around)
    bought = [float(one.value) for one in around.among(*sentence_of(around.plain, claim.start), "money")]
    if (
        known.offer.kind == "points"
        and "bonus" not in beside.lower()
        and number in {(known.offer.discount or 0.0) + spent for spent in bought}
        and lines
    ):
        return _true(claim, lines[0].row)  # those of the offer and one for each unit spent
    if number is None:
        loud = re.search(r"bonus|loyalty|reward|extra|积分", around.sentence(claim), re.I)
        return _true(claim, lines[0].row) if lines else _no_fact(claim) if loud else None
    money = around.among(first, last, "money")
    each = number == 1 and re.search(r"\b(?:every|each|per)\b", around.sentence(claim), re.I)
    for line in lines:
        figures = {float(one.value) for one in line.claims if one.kind == "number"}
        figures |= {figure for one in line.claims for figure in one.figures}
        if number in figures and (each or any(_line_says(line, one) for one in money)):
            return _true(claim, line.row)
    if lines and any(_worth(claim, one, around) for one in money):
        return _true(claim, lines[0].row)
    return _refused(claim, "other_policy", policy=lines[0].text, row=lines[0].row) if lines else _no_fact(claim)


def _stock(claim: Claim, around: Text) -> Verdict | None:
    known, name = around.known, str(claim.value)
    stock = dict(known.stock or {})
    named = [one for one in around.products(claim) if one in stock]
    stock = {one: stock[one] for one in named} if named else stock
    figures = _figures(claim, around)
    if figures:
        right = [one for one, left in stock.items() if left in figures]
        return (
            _true(claim, f"products: stock of {right[0]}")
            if right and len(figures) == 1
            else _refused(claim, "other_stock")
        )
    before = re.search(
        rf"(?P<n>{FIGURES}|{ENGLISH}|{CHINESE})\s*(?:of (?:them|these)\s*)?$", around.plain[: claim.start], re.I
    )
    if name == "left" and before:
        whole = replace(claim, start=before.start())
        return (
            _true(whole, "products: stock") if value(before["n"]) in stock.values() else _refused(whole, "other_stock")
        )
    if name == "left":
        return None
    if name == "sold_out" and stock and min(stock.values()) <= 0:
        return _true(claim, f"products: stock of {min(stock, key=lambda one: stock[one])}")
    if name == "low" and stock and min(stock.values()) <= FEW_LEFT:
        return _true(claim, f"products: stock of {min(stock, key=lambda one: stock[one])}")
    if name == "in_stock" and stock and all(left > 0 for left in stock.values()):
        return _true(claim, "products: stock")
    return _no_fact(claim)


def _rating(claim: Claim, around: Text) -> Verdict | None:
    figures = _figures(claim, around) | _numbers_in(around.plain[claim.start : claim.end])
    if claim.value in LOOSE and not figures:
        return None
    lines = [line for line in _own_lines(claim, around) if line.row.startswith("reviews of ")]
    right = next((line for line in lines if figures - {5.0} <= _review_figures(line)), None)
    counted = re.search(r"评|打|给|留言|review|rat(?:ed|ing)|star", around.sentence(claim), re.I)
    if not figures or claim.value == "voted" or (claim.value == "loved" and not counted):
        return _no_fact(claim)
    if right is not None and (figures - {5.0} or 5.0 in _review_figures(right, exact=True)):
        return _true(claim, right.row)
    return _refused(claim, "other_rating", rating=lines[0].text.split(", 评")[0]) if lines else _no_fact(claim)


def _review_figures(line: Line, exact: bool = False) -> set[float]:
    said = {
        float(number)
        for number in re.findall(r"\d+(?:\.\d+)?", line.text.replace("out of 5", "") if exact else line.text)
    }
    return said


def _never(claim: Claim, around: Text) -> Verdict | None:
    return _no_fact(claim)


JUDGES: dict[str, Callable[[Claim, Text], Verdict | None]] = {
    "percent": _amount,
    "money": _amount,
    "number": _number,
    "measure": _measure,
    "date": _date,
    "duration": _duration,
    "code": _code,
    "attribute": _attribute,
}
PROMISED: dict[str, Callable[[Claim, Text], Verdict | None]] = {
    "delivery": _policed,
    "guarantee": _policed,
    "points": _points,
    "gift": _gift,
    "stock": _stock,
    "rating": _rating,
    "comparison": _never,
    "superlative": _never,
}
