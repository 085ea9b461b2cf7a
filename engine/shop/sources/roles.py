"""What a column of an export may stand for: the columns of our tables, and what those are worked out from.

`customer.NAME`, `product.NAME` and `campaign.NAME` are columns or attributes of the customer, product or campaign that
a row names. A role may carry the currency that the export wrote into the column's name: `cost.EUR`.
"""

import re

from engine.shop.tables import TABLES

# Worked into the columns of orders by engine.shop.sources.amounts. Order-level: once an order, on any of its rows.
ORDER_LEVEL = {
    "order_subtotal": "money",  # goods after every discount, before shipping (and before tax, where tax comes on top)
    "order_discount": "money",
    "order_shipping": "money",
    "order_tax": "money",
    "order_total": "money",  # what the customer was asked for: goods, shipping and tax
    "order_refund": "money",  # paid back
}
LINE_LEVEL = {
    "line_total": "money",  # what the customer paid for the line
    "unit_discount": "money",  # money off one unit
    "product_name": "text",
    "currency": "text",
    "cancelled_at": "time",
    "payment_status": "text",
    "tags": "text",
    "payment_method": "text",
}
CONTACT = {"email": "text", "phone": "text", "external_id": "id"}
# Of no use here, and somebody's: never taken in.
IGNORED = "ignore"
# What single exports have beside that; their own `take` works it into a table.
OF_ONE_EXPORT = {
    "order_goods": "money",  # goods before the order's discount
    "line_gross": "money",  # the line before its discount
    "price_before": "money",  # of one unit, before its discount
    "quantity_kept": "quantity",  # units less those sent back
    "line_status": "text",
    "product_code": "id",
    "member_name": "text",
    "soft_bounced": "count",
    "hard_bounced": "count",
    "reason": "text",
    "ends_on": "time",
}

OTHERS = ORDER_LEVEL | LINE_LEVEL | CONTACT
_NAMED = {"customer": "customers", "product": "products", "campaign": "campaigns"}


def base(role: str) -> str:
    """The role without the currency it carries.

    >>> base("cost.EUR")
    'cost'
    """
    return re.sub(r"\.[A-Z]{3}$", "", role)


def kind(table: str, role: str) -> str:
    """The kind of a role (see engine.shop.tables), "" for an attribute."""
    role = base(role)
    what, _, column = role.partition(".")
    if column and what in _NAMED:
        return TABLES[_NAMED[what]].columns.get(column, "")
    return TABLES[table].columns.get(role) or (OTHERS | OF_ONE_EXPORT).get(role, "")


def known(table: str) -> list[str]:
    """Every role that a column of a file of this table can be given."""
    extra = OTHERS if table == "orders" else CONTACT if table in ("customers", "deliveries", "events") else {}
    return [*TABLES[table].columns, *(role for role in extra if role not in TABLES[table].columns), IGNORED]
