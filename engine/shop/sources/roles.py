"""What a column of an export may stand for: the columns of our tables, and what those are worked out from.

`customer.NAME` and `product.NAME` are attributes of the customer or product that a row names.
"""

from engine.shop.tables import TABLES

# Worked into the columns of orders by engine.shop.sources.lines. Order-level: once an order, on any of its rows.
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

OTHERS = ORDER_LEVEL | LINE_LEVEL | CONTACT


def kind(table: str, role: str) -> str:
    """The kind of a role (see engine.shop.tables), "" for an attribute."""
    return TABLES[table].columns.get(role) or OTHERS.get(role, "")


def known(table: str) -> list[str]:
    """Every role that a column of a file of this table can be given."""
    extra = OTHERS if table == "orders" else CONTACT if table in ("customers", "deliveries", "events") else {}
    return [*TABLES[table].columns, *(role for role in extra if role not in TABLES[table].columns), IGNORED]
