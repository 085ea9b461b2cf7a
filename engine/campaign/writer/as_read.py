"""Amounts, discounts, days and lists as a customer reads them, in English and Chinese."""

import calendar
from datetime import date

MONTHS = tuple(calendar.month_name)  # January is 1
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥", "INR": "₹", "AUD": "A$", "CAD": "C$", "HKD": "HK$"}


def money(amount: float, currency: str, language: str) -> str:
    """An amount as a customer reads it.

    >>> money(10.0, "USD", "en"), money(9.5, "CNY", "zh"), money(12.0, "SEK", "en")
    ('$10', '9.50元', '12 SEK')
    """
    digits = f"{amount:,.0f}" if float(amount).is_integer() else f"{amount:,.2f}"
    if currency == "CNY" and language == "zh":
        return f"{digits}元"
    return f"{SIGNS[currency]}{digits}" if currency in SIGNS else f"{digits} {currency}"


def percent_off(fraction: float, language: str) -> str:
    """A percent discount as a customer reads it; Chinese counts what is left to pay, in tenths.

    >>> percent_off(0.15, "en"), percent_off(0.15, "zh"), percent_off(0.2, "zh")
    ('15% off', '8.5折', '8折')
    """
    return f"{(1 - fraction) * 10:.4g}折" if language == "zh" else f"{fraction * 100:.4g}% off"


def day(value: date, language: str) -> str:
    """A day as a customer reads it.

    >>> day(date(2026, 6, 30), "en"), day(date(2026, 6, 30), "zh")
    ('30 June', '6月30日')
    """
    return f"{value.month}月{value.day}日" if language == "zh" else f"{value.day} {MONTHS[value.month]}"


def listing(names: list[str], language: str) -> str:
    """Names as a sentence lists them."""
    if len(names) == 1:
        return names[0]
    comma, last = ("、", "和") if language == "zh" else (", ", " and ")
    return comma.join(names[:-1]) + last + names[-1]
