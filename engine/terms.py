"""The field's ratios and our money formulas: one definition each.

Rates are fractions 0-1, money is the shop's currency. A ratio whose denominator is zero is None: unknown, not zero.
"""

from math import ceil


def ratio(part: float, whole: float) -> float | None:
    """part / whole, or None when there is nothing to divide by."""
    return part / whole if whole else None


def ctr(clicks: float, delivered: float) -> float | None:
    """Click-through rate: customers who clicked / messages delivered (ads: clicks / impressions)."""
    return ratio(clicks, delivered)


def order_rate(orders: float, delivered: float) -> float | None:
    """Customers who ordered inside the window / messages delivered."""
    return ratio(orders, delivered)


def cvr(orders: float, clicks: float) -> float | None:
    """Conversion rate of clicks: orders / clicks."""
    return ratio(orders, clicks)


def aov(revenue: float, orders: float) -> float | None:
    """Average order value: revenue / orders."""
    return ratio(revenue, orders)


def roas(revenue: float, cost: float) -> float | None:
    """Return on advertising spend: revenue / cost. 1.0 is break-even before margin."""
    return ratio(revenue, cost)


def lift(control: float, variant: float) -> float | None:
    """Relative difference of b against a: (b - a) / a."""
    return ratio(variant - control, control)


def kept_share(tax_share: float, return_rate: float) -> float:
    """Part of what customers pay that the shop keeps: without the tax in it and without what comes back.

    >>> kept_share(tax_share=0.2, return_rate=0.05)
    0.76
    """
    return (1 - tax_share) * (1 - return_rate)


def gross_profit(list_revenue: float, margin: float) -> float:
    """Profit before discount: list revenue (quantity x list price) x margin, the share of it above unit cost."""
    return list_revenue * margin


def extra_profit(extra_gross_profit: float, discount_cost: float, send_cost: float) -> float:
    """Gross profit of extra orders - discount given to everyone who uses it - send cost.

    `discount_cost` includes what goes to people who would have bought anyway.

    >>> extra_profit(extra_gross_profit=500.0, discount_cost=180.0, send_cost=20.0)
    300.0
    """
    return extra_gross_profit - discount_cost - send_cost


def roi(extra_profit: float, discount_cost: float, send_cost: float, minimum_spend: float = 0.0) -> float | None:
    """extra_profit / (discount given + send cost): 0.2 is a 20 % gain, -1 all lost.

    None when nothing, or less than `minimum_spend`, was spent: the ratio would be noise.

    >>> roi(300.0, discount_cost=180.0, send_cost=20.0)
    1.5
    """
    spend = discount_cost + send_cost
    return extra_profit / spend if spend > 0 and spend >= minimum_spend else None


def margin_after_discount(margin: float, off_share: float) -> float | None:
    """Profit / revenue once a discount of `off_share` of the list price is given: what is left of the margin.

    >>> round(margin_after_discount(margin=0.45, off_share=0.20), 4)
    0.3125
    """
    return ratio(margin - off_share, 1 - off_share)


def break_even_orders(
    anyway_orders: float, order_value: float, margin: float, off_share: float, send_cost: float
) -> float | None:
    """Extra orders at which a plan earns nothing: their margin pays for sending and for others' discount.

    The others are those who would have bought anyway. None where an order costs more than it brings in: then no number
    of orders is enough.

    >>> break_even_orders(anyway_orders=50, order_value=80.0, margin=0.45, off_share=0.20, send_cost=4.0)
    40.2
    """
    per_order = order_value * (margin - off_share)
    if per_order <= 0:
        return None
    return (anyway_orders * order_value * off_share + send_cost) / per_order


def break_even_units(outlay: float, received: float) -> int:
    """Whole pieces to sell, at what is received for one, until an outlay is paid for.

    >>> break_even_units(outlay=1_000.0, received=45.0)
    23
    """
    return ceil(outlay / received)


def textbook_roi(conversion_rate: float, order_value: float, coupon_value: float) -> float | None:
    """Conversion rate x order value / coupon value: a labelled reference only.

    It ignores clicks, margin and the people who would have bought anyway.
    """
    return ratio(conversion_rate * order_value, coupon_value)
