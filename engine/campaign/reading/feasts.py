"""Feasts whose day moves from year to year: Black Friday, Easter, 中秋, 谷雨."""

from datetime import date, timedelta

# Chinese New Year, Dragon Boat, Qixi, Mid-Autumn and Double Ninth by year, as month * 100 + day. Each month was checked
# to begin on the new moon in Beijing's time (Meeus, chapter 49); ICU has 2027 and 2030 a day off.
LUNAR = {
    2025: (129, 531, 829, 1006, 1029),
    2026: (217, 619, 819, 925, 1018),
    2027: (206, 609, 808, 915, 1008),
    2028: (126, 528, 826, 1003, 1026),
    2029: (213, 616, 816, 922, 1016),
    2030: (203, 605, 805, 912, 1005),
}
LUNAR_NAMES = ("spring", "dragon_boat", "qixi", "mid_autumn", "double_ninth")
BEFORE_OR_AFTER_SPRING = {"new_years_eve": -1, "lantern": 14}
AROUND_EASTER = {"good_friday": -2, "easter": 0, "easter_monday": 1}
# The n-th weekday of a month, and days after it: (month, weekday, n, days).
WEEKDAYS = {
    "thanksgiving": (11, 3, 4, 0),
    "black_friday": (11, 3, 4, 1),
    "cyber_monday": (11, 3, 4, 4),
    "mothers_day": (5, 6, 2, 0),
    "fathers_day": (6, 6, 3, 0),
    "labor_day": (9, 0, 1, 0),
}
# Solar terms: month and the constant C of the usual formula for this century, floor(0.2422 Y + C) - leap days before.
TERMS = {
    "xiaohan": (1, 5.4055), "dahan": (1, 20.12), "lichun": (2, 3.87), "yushui": (2, 18.73), "jingzhe": (3, 5.63),
    "chunfen": (3, 20.646), "qingming": (4, 4.81), "guyu": (4, 20.1), "lixia": (5, 5.52), "xiaoman": (5, 21.04),
    "mangzhong": (6, 5.678), "xiazhi": (6, 21.37), "xiaoshu": (7, 7.108), "dashu": (7, 22.83), "liqiu": (8, 7.5),
    "chushu": (8, 23.13), "bailu": (9, 7.646), "qiufen": (9, 23.042), "hanlu": (10, 8.318), "shuangjiang": (10, 23.438),
    "lidong": (11, 7.438), "xiaoxue": (11, 22.36), "daxue": (12, 7.18), "dongzhi": (12, 21.94),
}  # fmt: skip


def day_of(feast: str, year: int) -> date | None:
    """The day of a feast in a year; None where it is not known.

    >>> day_of("black_friday", 2026), day_of("guyu", 2026), day_of("easter", 2026)
    (datetime.date(2026, 11, 27), datetime.date(2026, 4, 20), datetime.date(2026, 4, 5))
    """
    if feast in WEEKDAYS:
        month, weekday, nth, after = WEEKDAYS[feast]
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1) + after)
    if feast in TERMS:
        month, constant = TERMS[feast]
        short = year % 100
        return date(year, month, int(short * 0.2422 + constant) - (short - 1 if month < 3 else short) // 4)
    if feast in AROUND_EASTER:
        return _easter(year) + timedelta(days=AROUND_EASTER[feast])
    return _lunar(feast, year)


def _lunar(feast: str, year: int) -> date | None:
    days = LUNAR.get(year)
    if not days:
        return None
    name = "spring" if feast in BEFORE_OR_AFTER_SPRING else feast
    if name not in LUNAR_NAMES:
        return None
    month, day = divmod(days[LUNAR_NAMES.index(name)], 100)
    return date(year, month, day) + timedelta(days=BEFORE_OR_AFTER_SPRING.get(feast, 0))


def _easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian computus)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    rest = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + rest - 7 * ((a + 11 * h + 22 * rest) // 451) + 114, 31)
    return date(year, month, day + 1)
