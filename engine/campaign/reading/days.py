"""Days, times and durations in a text."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import replace

from engine.campaign.reading.claim import Claim
from engine.campaign.reading.numerals import CHINESE, ENGLISH, FIGURES, value

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
ORDINALS = {
    word: number
    for number, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
            "twenty-first",
            "twenty-second",
            "twenty-third",
            "twenty-fourth",
            "twenty-fifth",
            "twenty-sixth",
            "twenty-seventh",
            "twenty-eighth",
            "twenty-ninth",
            "thirtieth",
            "thirty-first",
        ],
        start=1,
    )
}
ORDINAL = "|".join(sorted((word.replace("-", "[- ]") for word in ORDINALS), key=len, reverse=True))
DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{ORDINAL})(?!\w)"
YEAR = r"(?:,?\s*(?P<year>(?:19|20)\d\d)\b)?"

ENGLISH_DATES = (
    re.compile(
        rf"\b(?P<day>{DAY})\s*(?:-|to|and|until|till|through)\s*(?:the )?(?P<day2>{DAY})\s+(?:of )?(?P<month>{MONTH})\b\.?{YEAR}",
        re.I,
    ),
    re.compile(
        rf"\b(?P<month>{MONTH})\b\.?\s+(?:the )?(?P<day>{DAY})\s*(?:-|to|and|until|till|through)\s*(?:the )?(?P<day2>{DAY})(?!\s+(?:of )?(?:{MONTH}))(?!%){YEAR}",
        re.I,
    ),
    re.compile(rf"\b(?P<day>{DAY})\s+(?:of )?(?P<month>{MONTH})\b\.?{YEAR}", re.I),
    re.compile(rf"\b(?P<month>{MONTH})\b\.?\s+(?:the )?(?P<day>{DAY})(?!%|:\d){YEAR}", re.I),
)
NUMERIC = (
    re.compile(r"(?<![\d/.-])(?P<year>(?:19|20)\d\d)[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?![\d/]|[-.]\d)"),
    re.compile(r"(?<![\d/.-])(?P<a>\d{1,2})[/](?P<b>\d{1,2})(?:[/](?P<year>(?:20)?\d\d))?(?![\d/])"),
    re.compile(r"(?<![\d/.$€£¥-])(?P<a>\d{1,2})\.(?P<b>\d{1,2})\.(?P<year>(?:20)\d\d)?(?![\d])"),
)
CN = rf"(?:{CHINESE}|\d{{1,2}})"
CHINESE_DATES = (
    re.compile(
        rf"(?:(?P<year>(?:19|20)\d\d|二[零〇][一二三四五六七八九零〇]{{2}})\s*年\s*)?(?P<month>{CN})\s*月\s*(?P<day>{CN})\s*[日号]?\s*(?:至|到|-|~|—)\s*(?P<day2>{CN})\s*[日号]"
    ),
    re.compile(
        rf"(?:(?P<year>(?:19|20)\d\d|二[零〇][一二三四五六七八九零〇]{{2}})\s*年\s*)?(?P<month>{CN})\s*月\s*(?P<day>{CN})\s*[日号]"
    ),
    re.compile(rf"(?:(?P<year>(?:19|20)\d\d)\s*年\s*)?(?P<month>{CN})\s*月(?P<last>底|末|最后一[天日])"),
)
ALONE = (
    re.compile(
        r"(?<!\w)the (?P<day>\d{1,2}(?:st|nd|rd|th))\b(?! (?:century|birthday|anniversary|time|one|cup|row|piece))",
        re.I,
    ),
    re.compile(
        rf"(?<![月年\d\-~至到、一二三四五六七八九十个])(?P<day>\d{{1,2}}|十[一二三四五六七八九]?|二十[一二三四五六七八九]?|三十一?)[日号](?=[)）前止截到起，。！])"
    ),
)
FESTIVALS = {
    r"双十一|双11|双 11|光棍节": "11-11", r"双十二|双12": "12-12", r"六一八|618": "06-18", r"国庆节?": "10-01", r"元旦": "01-01", r"圣诞节?|christmas(?: day)?": "12-25",
    r"christmas eve|平安夜": "12-24", r"情人节|valentine'?s(?: day)?": "02-14", r"三八节?|妇女节": "03-08", r"五一|劳动节": "05-01", r"六一|儿童节": "06-01",
    r"教师节": "09-10", r"halloween|万圣节": "10-31", r"new year'?s eve|跨年": "12-31", r"new year'?s day": "01-01",
}  # fmt: skip
FESTIVAL = re.compile("|".join(FESTIVALS), re.I)
MONTH_END = re.compile(rf"\b(?:the )?(?:end|last day) of (?P<month>{MONTH})\b", re.I)
# "may" and "march" are words too: a month alone counts where the words around it make it one.
MONTH_ALONE = re.compile(
    rf"\b(?:in|until|till|through|throughout|this|all|by|during|for|since|of|every|end of|mid-?|early|late|next)\s+(?P<month>{MONTH})\b(?!\s+(?:i|we|you|the)\b|\.?\s+(?:the )?\d)",
    re.I,
)
MONTH_ALONE_CHINESE = re.compile(
    r"(?P<month>十[一二]|[一二三四五六七八九十]|1[0-2]|[1-9])\s*月(?:份|内|里|中旬|上旬|下旬|初|前|全月)?(?![亮光色饼])"
)
YEAR_ALONE = re.compile(r"(?<![\d.,$€£¥])(?P<year>20\d\d)(?:年|\b(?!\s*(?:%|ml|g\b|customers|people|reviews)))")

WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
WEEKDAY = re.compile(
    rf"\b(?:until|till|by|ends?|on|before|through|from|starts?|starting|this|next|to|and)\s+(?:this |next |on )?(?P<name>{'|'.join(WEEKDAYS)})\b(?!s|\s+(?:morning|evening|afternoon|night|brunch|lunch|dinner|breakfast|feeling|roast|coffee|walk|mood))",
    re.I,
)
WEEKDAY_CHINESE = re.compile(
    r"(?:本|这|下|这个|下个)?(?:周|星期|礼拜)(?P<name>[一二三四五六日天])(?=前|止|截|结束|开|起|到|至|之前|晚|内|24|零点|，|。|！|$)|(?<=[到至前于])(?:本|这)?(?:周|星期|礼拜)(?P<name2>[一二三四五六日天])"
)

RELATIVE = {
    "today_only": r"\b(?:today only|only today|for today only|for one day|one[- ]day[- ]only|one day only|just for today|24 hours only|ends? today)\b|(?:仅限?|只限?|限|就在)今[天日]|今[天日](?:截止|结束|限定|有效|内|最后|到期)|限时一天|仅限一天|仅此一天|只有一天",
    "today": r"\b(?:starts?|starting|begins?|from|launches|arrives|until|till|by|before) (?:today|tonight|this evening|midnight(?: tonight)?)\b|\btonight only\b|\b(?:ends?|closes?|over|gone|expires?)(?: at)? (?:midnight|tonight)\b|今晚(?:截止|结束|零点|12点|十二点|前)|今天?(?:起|开始|开抢|上线)|今日(?:起|开始|上线|发售)",
    "tomorrow": r"\btomorrow\b|明[天日]|后[天日](?!的自己)",
    "weekend": r"\b(?:this|next|all|bank holiday|long|until the|for the) weekend\b|\bweekend[- ](?:only|sale|deal|offer|special)\b|(?:本|这个?|下个?)周末|周末(?:限定|特惠|特价|专享|两天|有效|结束|截止)",
    "week": r"\b(?:this|next|all|end of the) week(?!end)\b|\bweek only\b|(?:本|这一?|下)周(?![一二三四五六日天末])",
    "month": r"\b(?:this|next|all|end of the|rest of the) month\b|(?:本|这个|下个?)月(?![\d])|月底|月末",
    "last": r"\b(?:last (?:day|chance|call|hours?|minute|few hours)|final (?:day|hours?|call|chance|days)|ends? soon|hours? left|few hours left)\b|最后(?:一[天日]|\d+[天小时]+|机会|[几两三]天|时刻)|即将(?:结束|截止|涨价)|倒计时|末班车",
}  # fmt: skip
CLOCK = re.compile(
    rf"\b(?P<h>\d{{1,2}})(?::(?P<m>\d\d))?\s*(?:am|pm|a\.m\.|p\.m\.)(?!\w)|\b(?:at|by|until|before|from|to)\s+(?P<h2>\d{{1,2}}):(?P<m2>\d\d)\b|24/7|(?P<zh>\d{{1,2}}|{CHINESE})\s*点(?:整|半|钟)?(?=前|截|结束|开抢|开|准时|止|上线)|(?P<h3>\d{{1,2}}):(?P<m3>\d\d)(?!\d)",
    re.I,
)
UNITS = {
    "minute": 1 / 1440, "hour": 1 / 24, "day": 1, "night": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365,
    "分钟": 1 / 1440, "小时": 1 / 24, "个小时": 1 / 24, "钟头": 1 / 24, "天": 1, "日": 1, "个工作日": 1, "工作日": 1, "周": 7, "个星期": 7, "星期": 7, "个月": 30, "年": 365,
}  # fmt: skip
DURATION = re.compile(
    rf"(?:(?P<low>{FIGURES}|{ENGLISH})\s*(?:-|to|or)\s*)?(?P<n>{FIGURES}|{ENGLISH})[- ]*(?:(?:working|business|full|whole|more|short|calendar)[- ])*(?P<unit>minute|hour|day|night|week|fortnight|month|year|h(?=\b))s?(?!\w)",
    re.I,
)
DURATION_CHINESE = re.compile(
    rf"(?:(?P<low>{FIGURES}|{CHINESE})\s*(?:-|~|到|至))?\s*(?P<n>{FIGURES}|{CHINESE}|半)\s*(?P<unit>分钟|个?小时|钟头|个?工作日|天|日(?!元)|周(?!年|[一二三四五六日末边到全围末])|个?星期|个月|年(?!轻|龄|[前代味货夜糕初末底])(?:期|内|质保|保修)?)"
)
END = re.compile(
    r"(?:持续到|延续到|直到|截止到?|until|till|through|ends?(?: on)?|ending|closes?(?: on)?|expires?(?: on)?|by|before|up to|no later than|valid (?:until|to|through)|last day(?: is)?|final day(?: is)?|-|to|and runs? to|finish(?:es)? on|over after|gone after)\s*(?:the |on |midnight on |midnight,? |\w+day,? |(?:the )?end of )*$|(?:至|到|截止到?|截至|直到|-|~|—)\s*$",
    re.I,
)
START = re.compile(
    r"(?:from|starts?(?: on)?|starting|begins?(?: on)?|beginning|as of|launch(?:es|ing)?(?: on)?|opens?(?: on)?|kicks off(?: on)?|available from|since|arrives?(?: on)?)\s*(?:the |on |\w+day,? )*$|(?:自|从|于)\s*$",
    re.I,
)
END_AFTER = re.compile(
    r"\s*[（(]?(?:\d+点|24:00|23:59|24点|零点|午夜|晚)?(?:前|止|截止|结束|之前|为止|到期|截至|收官|[^，。]{0,3}截止|is the (?:last|final) day|deadline)",
    re.I,
)
START_AFTER = re.compile(
    r"\s*(?:\d+点)?(?:起|开始|开启|开抢|上线|发售|上市|正式)|\s*(?:-|–|to|until|till|through|至|到|~)\s*(?:\d|\w+ \d|the \d)",
    re.I,
)


def read(text: str) -> Iterator[Claim]:
    """The days and times of a text that is in plain signs. "MM-DD" where no year is said."""
    dated = [
        found
        for pattern in (*ENGLISH_DATES, *CHINESE_DATES)
        for m in pattern.finditer(text)
        for found in _dated(text, m)
    ]
    dated += [found for pattern in ALONE for match in pattern.finditer(text) for found in _alone(text, match)]
    dated += [found for match in FESTIVAL.finditer(text) for found in _festival(text, match)]
    dated += [found for pattern in NUMERIC for match in pattern.finditer(text) for found in _numeric(text, match)]
    yield from (_with_weekday(text, claim) for claim in dated)
    for match in MONTH_END.finditer(text):
        month = MONTHS[match["month"].lower()]
        yield Claim(match.start(), match.end(), "date", f"{month:02}-last", "", _roles(text, match))
    for pattern in (MONTH_ALONE, MONTH_ALONE_CHINESE):
        for match in pattern.finditer(text):
            month = MONTHS.get(match["month"].lower()) or int(value(match["month"]) or 0)
            yield Claim(match.start("month"), match.end(), "date", f"month {month}")
    for match in YEAR_ALONE.finditer(text):
        yield Claim(match.start(), match.end(), "date", f"year {match['year']}")
    for match in WEEKDAY.finditer(text):
        yield Claim(match.start("name"), match.end("name"), "date", f"weekday {WEEKDAYS[match['name'].lower()]}")
    for match in WEEKDAY_CHINESE.finditer(text):
        number = "一二三四五六日".index((match["name"] or match["name2"]).replace("天", "日"))
        yield Claim(match.start(), match.end(), "date", f"weekday {number}")
    for name, words in RELATIVE.items():
        for match in re.finditer(words, text, re.I):
            yield Claim(match.start(), match.end(), "date", name)
    for match in CLOCK.finditer(text):
        yield Claim(match.start(), match.end(), "date", "clock")
    for pattern in (DURATION, DURATION_CHINESE):
        for match in pattern.finditer(text):
            yield from _duration(match)


def _dated(text: str, match: re.Match[str]) -> Iterator[Claim]:
    found = match.groupdict()
    month = MONTHS.get(found["month"].lower()) or int(value(found["month"]) or 0)
    year = _year(found.get("year"))
    if found.get("last"):
        yield Claim(match.start(), match.end(), "date", f"{month:02}-last", "", _roles(text, match))
        return
    if found.get("day2"):
        yield Claim(
            match.start(), match.start("day2"), "date", _written(year, month, found["day"]), "", frozenset({"start"})
        )
        yield Claim(
            match.start("day2"), match.end(), "date", _written(year, month, found["day2"]), "", frozenset({"end"})
        )
        return
    yield Claim(match.start(), match.end(), "date", _written(year, month, found["day"]), "", _roles(text, match))


def _with_weekday(text: str, claim: Claim) -> Claim:
    """The date with the weekday beside it, "0" to "6", as its unit."""
    before = re.search(rf"(?P<name>{'|'.join(WEEKDAYS)}),?\s+(?:the\s+|on\s+)?$", text[: claim.start], re.I)
    after = re.match(
        r"\s*(?:[（(，,]|是|就是|那天是)?\s*(?:周|星期|礼拜)(?P<name>[一二三四五六日天])(?:[)）]|(?![）)]))",
        text[claim.end :],
    )
    ahead = re.search(
        r"(?:本|这|下)?(?:个)?(?:周|星期|礼拜)(?P<name>[一二三四五六日天])\s*[（(，,]?\s*$", text[: claim.start]
    )
    if before:
        return replace(claim, start=before.start(), unit=str(WEEKDAYS[before["name"].lower()]))
    if ahead:
        number = "一二三四五六日".index(ahead["name"].replace("天", "日"))
        return replace(claim, start=ahead.start(), unit=str(number))
    if after:
        number = "一二三四五六日".index(after["name"].replace("天", "日"))
        return replace(claim, end=claim.end + after.end(), unit=str(number))
    return claim


def _written(year: int | None, month: int, day: str) -> str:
    number = ORDINALS.get(day.lower().replace(" ", "-"))
    if number is None:
        number = int(value(re.sub(r"(?:st|nd|rd|th)$", "", day.lower())) or 0)
    return f"{year}-{month:02}-{number:02}" if year else f"{month:02}-{number:02}"


def _year(written: str | None) -> int | None:
    if not written:
        return None
    number = value(written)
    return int(number + 2000 if number < 100 else number) if number else None


def _alone(text: str, match: re.Match[str]) -> Iterator[Claim]:
    """A day without its month: "the 25th", 11日."""
    number = ORDINALS.get(match["day"].lower()) or int(
        value(re.sub(r"(?:st|nd|rd|th)$", "", match["day"].lower())) or 0
    )
    if 1 <= number <= 31:
        yield Claim(match.start(), match.end(), "date", f"day {number}", "", _roles(text, match))


def _festival(text: str, match: re.Match[str]) -> Iterator[Claim]:
    """A day that is called by its feast; part of the scene unless something ends or begins then."""
    roles = _roles(text, match)
    if roles:
        day = next(day for words, day in FESTIVALS.items() if re.fullmatch(words, match.group(), re.I))
        yield Claim(match.start(), match.end(), "date", day, "", roles)


def _numeric(text: str, match: re.Match[str]) -> Iterator[Claim]:
    found = match.groupdict()
    year = _year(found.get("year"))
    if "month" in found:
        yield Claim(
            match.start(),
            match.end(),
            "date",
            _written(year, int(found["month"]), found["day"]),
            "",
            _roles(text, match),
        )
        return
    first, second = int(found["a"]), int(found["b"])
    # 6/7 is read both ways where both are days: it is right when one of them is.
    ways = [_written(year, m, str(d)) for m, d in ((first, second), (second, first)) if 1 <= m <= 12 and 1 <= d <= 31]
    if ways:
        yield Claim(match.start(), match.end(), "date", "|".join(ways), "", _roles(text, match))


def _duration(match: re.Match[str]) -> Iterator[Claim]:
    unit = match["unit"].lower()
    days = (
        UNITS.get(unit)
        or UNITS.get({"h": "hour"}.get(unit, unit))
        or UNITS.get(re.sub(r"(?:期|内|质保|保修)$", "", unit))
        or 1
    )
    number = 0.5 if match["n"] == "半" else value(match["n"])
    low = value(match["low"]) if match["low"] else None
    if number is not None:
        figures = tuple(x for x in (low, number) if x is not None)
        yield Claim(match.start(), match.end(), "duration", round(number * days, 5), unit, frozenset(), figures)


def _roles(text: str, match: re.Match[str]) -> frozenset[str]:
    before, after = text[: match.start()][-40:], text[match.end() :][:20]
    before = re.sub(rf"(?:{'|'.join(WEEKDAYS)}),?\s+(?:the\s+|on\s+)?$", "", before, flags=re.I)
    after = re.sub(r"^\s*[（(]?\s*(?:周|星期|礼拜)[一二三四五六日天][)）]?", "", after)
    roles = set()
    if END.search(before) or END_AFTER.match(after):
        roles.add("end")
    if START.search(before) or START_AFTER.match(after):
        roles.add("start")
    return frozenset(roles) if len(roles) == 1 else frozenset()
