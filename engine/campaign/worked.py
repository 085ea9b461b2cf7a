"""A plan's money step by step, so that each line can be done again with a calculator from the lines above it.

Every number is rounded as it is shown before the next line uses it. What comes out may therefore differ by cents from
the forecast, which rounds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from engine.campaign.inputs import Inputs
from engine.sentences import Sentence

Unit = Literal["people", "count", "share", "money", "price", "fee", "ratio"]
REFERENCE = ("coupon", "textbook")  # lines that are no part of the plan's money
# Digits after the point. A share is shown in percent, with two fewer; a price is of one order, a fee of one message.
DIGITS: dict[Unit, int] = {"people": 0, "count": 2, "share": 6, "money": 2, "price": 4, "fee": 6, "ratio": 4}


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is shown; money, price and fee in the shop's currency."""

    value: Decimal
    unit: Unit


@dataclass(frozen=True, slots=True)
class Line:
    """`key` names it; `how`: numbers and the signs between them; of an input empty, it has a `source` instead.

    result: None where it is unknown, or there is nothing to divide by.
    """

    key: str
    how: tuple[Number | str, ...]
    result: Number | None
    source: Sentence | None = None


def number(value: float | Decimal, unit: Unit) -> Number:
    """Rounded half up, as by hand.

    >>> number(0.0502715, "share").value, number(-12.345, "money").value
    (Decimal('0.050272'), Decimal('-12.35'))
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return Number(exact.quantize(Decimal(1).scaleb(-DIGITS[unit]), ROUND_HALF_UP), unit)


ONE = number(1, "people")


def lines(given: Inputs) -> list[Line]:
    """The worked example of a plan, from the people written to down to the return, then the textbook's ratio."""
    book = _Book(given.sources)
    orders, anyway, extra = _orders(book, given)
    worth = _worth(book, given)
    margin = book.enter("margin", given.margin, "share")
    earned = extra.value * worth.value * margin.value
    gross = book.work("gross_profit", earned, "money", extra, "×", worth, "×", margin)
    per_order = _per_order(book, given, worth)
    discount = _discount(book, given, per_order, orders)
    sending = _sending(book, given)
    left = gross.value - discount.value - sending.value
    profit = book.work("extra_profit", left, "money", gross, "−", discount, "−", sending)
    _return(book, given, profit, discount, sending)
    _break_even(book, given, worth, margin, per_order, anyway, sending)
    _reference(book, given)
    return book.lines


class _Book:
    """The lines so far."""

    def __init__(self, sources: Mapping[str, Sentence]) -> None:
        self.sources = sources
        self.lines: list[Line] = []

    def enter(self, key: str, value: float, unit: Unit, source: str = "") -> Number:
        """A number that is not worked out here."""
        entered = number(value, unit)
        self.lines.append(Line(key, (), entered, self.sources[source or key]))
        return entered

    def work(self, key: str, value: Decimal, unit: Unit, *how: Number | str) -> Number:
        """A number worked out from others."""
        found = number(value, unit)
        self.lines.append(Line(key, how, found))
        return found

    def blank(self, key: str, source: Sentence) -> None:
        self.lines.append(Line(key, (), None, source))


# --- the steps ---


def _orders(book: _Book, given: Inputs) -> tuple[Number, Number | None, Number]:
    """Orders, those that would have come anyway (None: unknown), and the extra ones."""
    people = book.enter("recipients", given.recipients, "people")
    rate = book.enter("order_rate", given.order_rate, "share")
    orders = book.work("orders", people.value * rate.value, "count", people, "×", rate)
    if given.rate_anyway is None:
        book.blank("rate_anyway", book.sources["rate_anyway"])
        return orders, None, orders
    quiet = book.enter("rate_anyway", given.rate_anyway, "share")
    anyway = book.work("anyway", people.value * quiet.value, "count", people, "×", quiet)
    return orders, anyway, book.work("extra", orders.value - anyway.value, "count", orders, "−", anyway)


def _worth(book: _Book, given: Inputs) -> Number:
    """What an order brings the shop: its list value without what comes back and without tax."""
    value = book.enter("list_value", given.list_value, "price")
    for key, share in _taken_off(given).items():
        book.enter(key, share, "share")
    return _kept(book, "order_value", value, given)


def _taken_off(given: Inputs) -> dict[str, float]:
    return {key: share for key, share in (("returned", given.returned), ("tax_share", given.tax_share)) if share}


def _kept(book: _Book, key: str, value: Number, given: Inputs) -> Number:
    """The part of a price that stays, on a line of its own where it is not all of it."""
    how: list[Number | str] = [value]
    left = value.value
    for share in _taken_off(given).values():
        part = number(share, "share")
        how += ["×", "(", ONE, "−", part, ")"]
        left *= 1 - part.value
    return book.work(key, left, "price", *how) if len(how) > 1 else value


def _per_order(book: _Book, given: Inputs, worth: Number) -> Number:
    """What the offer costs the shop per order, those that do not use it included."""
    use = _per_use(book, given, worth)
    if given.used_share in (0, 1):
        return use
    share = book.enter("used_share", given.used_share, "share")
    return book.work("per_order", use.value * share.value, "price", use, "×", share)


def _per_use(book: _Book, given: Inputs, worth: Number) -> Number:
    """What one order that uses the offer costs the shop."""
    if given.size is not None:
        size = book.enter("size", given.size, "share", "off")
        return book.work("use", worth.value * size.value, "price", worth, "×", size)
    kept = _kept(book, "off_kept", book.enter("off", given.off, "price"), given) if given.off else None
    if not given.handed:
        return kept or number(0, "price")
    handed = book.enter("handed", given.handed, "price", "off")
    return book.work("use", kept.value + handed.value, "price", kept, "+", handed) if kept else handed


def _discount(book: _Book, given: Inputs, per_order: Number, orders: Number) -> Number:
    """What the offer costs with everyone who uses it; gifts, no more than there are."""
    if not given.used_share:
        return book.enter("discount", 0.0, "money", "off")
    if given.uses <= given.most_uses:
        return book.work("discount", orders.value * per_order.value, "money", orders, "×", per_order)
    stock, gift = book.enter("stock", given.most_uses, "count"), number(given.handed, "price")
    return book.work("discount", stock.value * gift.value, "money", stock, "×", gift)


def _sending(book: _Book, given: Inputs) -> Number:
    how: list[Number | str] = []
    total = Decimal(0)
    for messages, cost in given.sends:
        sent, fee = number(messages, "people" if float(messages).is_integer() else "count"), number(cost, "fee")
        how += [*(["+"] if how else []), sent, "×", fee]
        total += sent.value * fee.value
    found = number(total, "money")
    book.lines.append(Line("send_cost", tuple(how), found, book.sources["send_cost"]))
    return found


def _return(book: _Book, given: Inputs, profit: Number, discount: Number, sending: Number) -> None:
    """Extra profit for what is given away and spent on sending; unknown where that is less than the shop's minimum."""
    spent = discount.value + sending.value
    if spent <= 0 or spent < Decimal(repr(float(given.minimum_spend))):
        book.blank("roi", Sentence("money.too_little_spent"))
        return
    book.work("roi", profit.value / spent, "share", profit, "÷", "(", discount, "+", sending, ")")


def _break_even(
    book: _Book, given: Inputs, worth: Number, margin: Number, per_order: Number, anyway: Number | None, sending: Number
) -> None:
    """Extra orders that would pay for sending and for the offer to those who buy anyway."""
    left = worth.value * margin.value - per_order.value
    earns = book.work("earns", left, "price", worth, "×", margin, "−", per_order)
    if earns.value <= 0:
        book.blank("break_even", Sentence("money.never_breaks_even"))
        return
    fixed = sending.value
    how: tuple[Number | str, ...] = (sending,)
    if anyway is not None and given.used_share:
        part = book.work("on_anyway", anyway.value * per_order.value, "money", anyway, "×", per_order)
        fixed, how = fixed + part.value, ("(", part, "+", sending, ")")
    book.work("break_even", fixed / earns.value, "count", *how, "÷", earns)


def _reference(book: _Book, given: Inputs) -> None:
    """The textbook's ratio, where there is a coupon to divide by."""
    rate, value = number(given.order_rate, "share"), number(given.list_value, "price")
    if given.size is not None:
        size = number(given.size, "share")
        coupon = book.work("coupon", value.value * size.value, "price", value, "×", size)
    else:
        coupon = number(given.off + given.handed, "price")
    if coupon.value > 0:
        ratio = rate.value * value.value / coupon.value
        book.work("textbook", ratio, "ratio", rate, "×", value, "÷", coupon)
