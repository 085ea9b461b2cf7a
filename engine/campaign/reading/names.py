"""Names of products in a text, right, nearly right or unknown, and codes."""

import re
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import OSA

from engine.campaign.reading.claim import Claim

NEAR = 0.75  # likeness from which other words are taken for a misspelt name
CODE = re.compile(
    r"\b(?:codes?|voucher|coupon)\b(?: is| called| named|:)?\s*[\"'“]?(?P<a>[A-Za-z0-9][A-Za-z0-9_-]{2,})"
    r"|(?:优惠码|折扣码|口令|兑换码|暗号|券码|代码|密码|输入|填写|码|凭)\s*(?:是|为|[:：])?\s*[\"'“「『]?(?P<b>[A-Za-z0-9][A-Za-z0-9_-]{2,})",
    re.I,
)
CODE_LIKE = re.compile(
    r"(?<![A-Za-z0-9_.-])(?:(?=[A-Z0-9_-]*[A-Z]{2}|[A-Z]\d[A-Z])(?=[A-Z0-9_-]*\d)[A-Z0-9]+(?:[-_][A-Z0-9]+)*|[A-Z]{5,})(?![A-Za-z0-9_]|-\d)"
)
NO_CODE = re.compile(
    r"(?:at|is|below|above|on|in|for|when|before|with|and|to|from|that|you|your|here|needed|required|necessary|automatically|free|the|of|or|will|has|gets?|gives?|takes?|applies|works|expires|ends|box|field|word|if|during|until|down|away|brings|does|knocks|opens|unlocks|saves?|cuts|turns|makes|into|once|twice|name|names|names)$",
    re.I,
)
NOT_CODES = re.compile(
    r"(?:SPF|UPF|PA|UV|USB|VIP|FAQ|SMS|HTML|STOP|OEKO|GOTS|FSC|ISO|XXL|XXXL|OFF|FREE|SALE|USA|LED|DIY|TOP|NEW|NOW|MEMBERS?)\d*"
)
CAPITAL = r"[A-Z][\w'&]*"
TITLED = re.compile(rf"{CAPITAL}(?:[ -](?:(?:of|and|the|&|in|de|la) )?{CAPITAL})+")


def codes(text: str) -> Iterator[Claim]:
    """What stands where a code is said, and what looks like one."""
    for match in CODE.finditer(text):
        group = "a" if match["a"] else "b"
        said = match[group]
        if not NO_CODE.match(said) and not (
            said.islower() and said.isalpha() and group == "a" and not _quoted(text, match.start(group))
        ):
            yield Claim(match.start(group), match.end(group), "code", said.upper())
    for match in CODE_LIKE.finditer(text):
        shouted = (
            match.group().isalpha()
            and re.search(r"[A-Z]{2,}\W+$|^\W+[A-Z]{2,}", f"{text[: match.start()][-20:]}")
            or (match.group().isalpha() and re.match(r"\W+[A-Z]{2,}", text[match.end() :]))
        )
        if not NOT_CODES.fullmatch(match.group()) and not shouted:
            yield Claim(match.start(), match.end(), "code", match.group().upper())


def _quoted(text: str, start: int) -> bool:
    return text[max(0, start - 1) : start] in ('"', "'", "“", "「", "『")


def products(text: str, known: Sequence[str]) -> Iterator[Claim]:
    """The known names that stand in a text, the longest at each place; its value is the name."""
    if not known:
        return
    pattern = "|".join(_bounded(name) for name in sorted(known, key=len, reverse=True))
    lower = {name.lower(): name for name in known}
    for match in re.finditer(pattern, text, re.I):
        name = lower.get(match.group().lower()) or lower.get(match.group().lower().removesuffix("s"))
        if name:
            yield Claim(match.start(), match.end(), "product", name)


def _bounded(name: str) -> str:
    if name[-1:].isascii() and name[:1].isascii():
        return rf"(?<!\w){re.escape(name)}(?:s(?!\w))?(?!\w)"
    return re.escape(name)


def misspelt(text: str, known: Sequence[str], words: frozenset[str]) -> Iterator[Claim]:
    """Names that are nearly a known one, and, inside a sentence, names that nobody knows. The value is "like NAME" or
    "unknown". `words`: other names that may stand there, such as shop, brands and categories, in small letters.
    """
    if re.search("[\u4e00-\u9fff]", text):
        yield from _misspelt_chinese(text, [name for name in known if re.search("[\u4e00-\u9fff]", name)])
    yield from _quoted_unknown(text, known, words)
    titled = _is_title(text)
    for match in TITLED.finditer(text):
        said = match.group()
        starts = re.search(r"(?:^|[.!?:;\n]\s*|[\"“]\s*)$", text[: match.start()])
        parts = re.split(r"[ -]", said)
        if starts and len(parts) > 1 and not _near(said, known):
            # The first word of a sentence has its capital anyway.
            said = re.sub(r"^(?:(?:of|and|the|&|in|de|la)[ -])+", "", said[len(parts[0]) + 1 :])
            if len(re.findall(r"\b[A-Z]", said)) < 2:
                continue
        start = match.end() - len(said)
        near = _near(said, known)
        if near:
            yield Claim(start, match.end(), "product", f"like {near}")
        elif (
            not titled
            and not _all_known(said, words)
            and not said.isupper()
            and not _is_place(text[:start], said, known)
        ):
            yield Claim(start, match.end(), "product", "unknown")
    yield from _misspelt_small(text, [name for name in known if name.isascii() and " " in name])


GOODS_ENGLISH = frozenset(
    "pan pot skillet saucepan wok kettle teapot mug cup bowl plate knife board set cream serum oil mask balm cleanser toner lotion "
    "soap shampoo tea coffee blend dress cardigan sweater shirt blouse skirt coat jacket scarf hat bag throw blanket duvet cover "
    "sheet sheets pillow pillowcase towel towels lamp candle vase rug curtain cushion bottle jar tin kit box bundle collection".split()
)


def _is_place(before: str, said: str, known: Sequence[str]) -> bool:
    """Whether a name reads as that of a place or a person ("on Mill Street") rather than of something shops sell."""
    last = said.split()[-1].lower()
    goods = last in GOODS_ENGLISH or any(last in name.lower().split() for name in known)
    return not goods and bool(re.search(r"\b(?:on|at|in|from|near|to|of|by|Dear|Love,|Mr|Mrs|Ms)\.?\s+$", before))


def _is_title(text: str) -> bool:
    """Whether most words begin with a capital, as headlines do."""
    found = re.findall(r"[A-Za-z][\w']*", text)
    return len(found) > 2 and sum(word[0].isupper() for word in found if len(word) > 3) > 0.7 * sum(
        len(w) > 3 for w in found
    )


def _all_known(said: str, words: frozenset[str]) -> bool:
    return said.lower() in words or all(part.lower() in words for part in re.split(r"[ -]", said) if part[0].isupper())


def _near(said: str, known: Sequence[str]) -> str | None:
    lower = said.lower()
    for name in known:
        other = name.lower()
        if lower in (other, f"{other}s"):
            return None
    best = max(known, key=lambda name: OSA.normalized_similarity(lower, name.lower()), default=None)
    return best if best and OSA.normalized_similarity(lower, best.lower()) >= NEAR else None


def _misspelt_small(text: str, known: Sequence[str]) -> Iterator[Claim]:
    """Names of several words written small, with a letter or two wrong."""
    found = list(re.finditer(r"[A-Za-z][\w']*", text))
    for name in known:
        length, target = len(name.split()), name.lower()
        for first in range(len(found) - length + 1):
            start, end = found[first].start(), found[first + length - 1].end()
            said = text[start:end].lower()
            if (
                said != target
                and said != f"{target}s"
                and 0 < OSA.distance(said, target, score_cutoff=3) <= max(1, len(target) // 10)
            ):
                yield Claim(start, end, "product", f"like {name}")


# Nouns so particular that whoever writes them means a product.
GOODS = re.compile(
    "精华液?|面膜|乳液|洁面乳?|洗面奶|爽肤水|眼霜|护手霜|身体乳|洗发水|护发素|沐浴露|粉底液|防晒霜|卸妆[油水]|记忆枕|乳胶枕|床垫|浴袍|"
    "电?热水壶|电水壶|马克杯|保温杯|玻璃杯|蒸锅|汤锅|砂锅|煎锅|平底锅|高压锅|电饭煲|电饭锅|空气炸锅|菜刀|刀具套装|碗碟|餐具套装|"
    "连衣裙|半身裙|卫衣|牛仔裤|阔腿裤|手提包|香薰机"
)


def _misspelt_chinese(text: str, known: Sequence[str]) -> Iterator[Claim]:
    for name in known:
        for start in range(len(text) - len(name) + 1) if len(name) >= 3 else ():
            said = text[start : start + len(name)]
            wrong = [at for at, (one, other) in enumerate(zip(said, name, strict=True)) if one != other]
            # One letter is another one; of a name of three letters only the last, or any three letters are near.
            if len(wrong) == 1 and re.fullmatch("[\u4e00-\u9fff]+", said) and (len(name) > 3 or wrong == [2]):
                yield Claim(start, start + len(name), "product", f"like {name}")
    every = "".join(known)
    for match in GOODS.finditer(text):
        if match.group() not in every:
            yield Claim(match.start(), match.end(), "product", "unknown")


def _quoted_unknown(text: str, known: Sequence[str], words: frozenset[str]) -> Iterator[Claim]:
    for match in re.finditer(r"[《「『](?P<name>[^》」』]{2,20})[》」』]", text):
        if match["name"] not in known and match["name"].lower() not in words:
            yield Claim(match.start("name"), match.end("name"), "product", "unknown")
