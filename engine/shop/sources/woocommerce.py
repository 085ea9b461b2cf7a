"""WooCommerce's orders, as two plugins write them: one row an item.

"Advanced Order Export For WooCommerce", its default columns (3.x). All amounts are without tax, which comes on top.
"Order Subtotal Amount" is goods before coupons, "Cart Discount Amount" the coupons. "Item Cost" is what one unit was
sold for after coupons, rounded, so lines come to the order only roughly: the order's amounts hold. "Quantity (-
Refund)" is less what was sent back, while the order's amounts are as ordered and "Order Refund Amount" says what was
paid back, tax included: what is gone from the lines is not subtracted again.

"Customer / Order / Coupon Export" (SkyVerge), format "default, one row per item" (5.x): order_number, item_subtotal and
item_total (of the line, before and after coupons), item_refunded, order amounts on every row.

Statuses stand with or without "wc-". The report "Orders" of WooCommerce's own analytics has no lines and is refused.
Dates are in the site's time zone. Names of people and postal addresses are not taken in.
"""

import pandas as pd

from engine.errors import DataProblem
from engine.shop.sources import amounts, lines
from engine.shop.sources.cells import filled, number, words
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import Problem

UNPAID = ("pending", "on-hold", "failed", "checkout-draft", "draft", "pending-payment")
CANCELLED = ("cancelled", "canceled", "trash")
ROUNDED = 0.02  # how far a line may be from the order's amounts: a unit's price is rounded to the cent, twice


def orders(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Paid orders; e-mail, else phone, is the customer's key."""
    rows = frame.copy()
    lines.fill_orders(rows)
    if "status" in rows:
        rows["status"] = words(rows, "status").str.removeprefix("wc-").str.replace(" ", "-")
    _refund_by_status(rows)
    gone: list[Problem] = []
    if "line_gross" in rows:
        _by_lines(rows)
    else:
        gone = _by_order(rows)
    taken = lines.take(rows.drop(index=[row for row, *_ in gone]), settings, _no_sale)
    taken.aside.extend(gone)
    return taken


def _no_sale(rows: pd.DataFrame) -> list[Problem]:
    status = words(rows, "status")
    problems: list[Problem] = []
    for statuses, what in ((UNPAID, "is not paid"), (CANCELLED, "was cancelled")):
        found = rows.index[status.isin(statuses)]
        problems += [(int(row), "status", status[row], f"order {what}: {status[row]}") for row in found]
    return problems


def _refund_by_status(rows: pd.DataFrame) -> None:
    """An order with the status refunded and no amount was paid back whole."""
    if "status" in rows and "order_total" in rows:
        unsaid = rows["status"].eq("refunded") & number(rows, "order_refund").eq(0)
        refund = rows["order_refund"] if "order_refund" in rows else pd.Series("0", rows.index)
        rows["order_refund"] = refund.where(~unsaid, rows["order_total"])


def _by_lines(rows: pd.DataFrame) -> None:
    """SkyVerge: what a line cost before and after coupons, and what of it was paid back."""
    quantity, before = number(rows, "quantity"), number(rows, "line_gross")
    rows["unit_price"] = (before / quantity.where(quantity != 0)).fillna(0.0)
    rows["discount"] = (before - number(rows, "line_total")).round(4)
    _drop(rows, "line_total", "line_gross")
    order = rows["order_id"]
    if number(rows, "refunded").groupby(order).transform("sum").eq(0).all():
        _drop(rows, "refunded")
        return
    # The order's own amount holds where no line says what came back.
    by_line = number(rows, "refunded").groupby(order).transform("sum").ne(0)
    net = before - rows["discount"]
    goods = net.groupby(order).transform("sum")
    whole = (number(rows, f"order_{name}") for name in ("refund", "tax", "shipping", "total"))
    share = amounts.shared(amounts.refunded_goods(goods, *whole), net, order)
    rows["refunded"] = number(rows, "refunded").where(by_line, share)
    _drop(rows, "order_refund")


def _by_order(rows: pd.DataFrame) -> list[Problem]:
    """Advanced Order Export: units' prices before coupons; the order's goods less what came back. Rows of no unit."""
    kept = "quantity" not in rows
    if kept:
        rows["quantity"] = rows["quantity_kept"]
    order, quantity = rows["order_id"], number(rows, "quantity")
    sold, coupons = quantity * number(rows, "unit_price"), number(rows, "order_discount")
    there = sold.groupby(order).transform("sum").round(4)
    goods = (number(rows, "order_goods") - coupons).round(4).where(filled(rows["order_goods"]), there)
    # What the lines have lost in units has lost its part of the coupons with it.
    held = _less_what_came_back(rows, goods, there) if kept else goods
    coupons = (coupons * (held / goods.where(goods > 0)).fillna(1.0)).round(2)
    rows["discount"] = amounts.shared(coupons, sold, order)
    before = amounts.shared(held + coupons, sold + rows["discount"], order)
    if "price_before" in rows:
        listed = number(rows, "price_before") * quantity
        before = listed.where(filled(rows["price_before"]), before)
        rows["discount"] = (listed - sold).where(filled(rows["price_before"]), rows["discount"]).round(4)
    rows["order_subtotal"] = held
    rows["unit_price"] = (before / quantity.where(quantity != 0)).fillna(0.0)
    _drop(rows, "order_discount", "order_goods", "quantity_kept", "price_before")
    gone = rows.index[filled(rows["quantity"]) & quantity.eq(0)] if kept else []
    return [(int(row), "quantity", "0", "sent back whole: no unit is left") for row in gone]


def _less_what_came_back(rows: pd.DataFrame, goods: pd.Series, there: pd.Series) -> pd.Series:
    """The goods that the lines still hold; sets order_refund to what was paid back beyond those gone."""
    refund = amounts.refunded_goods(
        goods, *(number(rows, f"order_{n}") for n in ("refund", "tax", "shipping", "total"))
    )
    missing = (goods - there).round(4)
    slack = ROUNDED * number(rows, "quantity").abs().groupby(rows["order_id"]).transform("sum").clip(lower=1.0)
    by_units = missing > slack
    exact = by_units & ((refund - missing).abs() <= slack)
    gone = refund.where(exact, missing).where(by_units, 0.0)
    if "order_refund" in rows:
        # For goods alone from here on, where units are gone: no total to compare it with.
        rows["order_refund"] = (refund - gone).clip(lower=0.0).where(by_units, number(rows, "order_refund")).round(4)
        rows["order_total"] = number(rows, "order_total").where(~by_units, 0.0)
    return (goods - gone).round(4)


def _drop(rows: pd.DataFrame, *columns: str) -> None:
    for column in set(columns) & set(rows):
        del rows[column]


def analytics(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Refused: it has no lines and no customers' addresses."""
    raise DataProblem(
        "This is WooCommerce's analytics report of orders. It says neither what a line cost nor who bought. Export the "
        "orders with the plugin Advanced Order Export (or Customer / Order / Coupon Export, one row per item)."
    )


_NAMES = {
    "order_id": ("Order Number", "order_number", "order_id"),
    "status": ("Order Status", "status", "order_status"),
    "ordered_at": ("Order Date", "order_date", "date"),
    "currency": ("Order Currency", "Currency", "order_currency"),
    "email": ("Email (Billing)", "billing_email"),
    "phone": ("Phone (Billing)", "billing_phone"),
    "customer.country": ("Country Code (Billing)", "billing_country"),
    "order_goods": ("Order Subtotal Amount",),
    "order_discount": ("Cart Discount Amount",),
    "order_shipping": ("Order Shipping Amount", "shipping_total"),
    "order_tax": ("Order Total Tax Amount", "tax_total"),
    "order_total": ("Order Total Amount", "order_total"),
    "order_refund": ("Order Refund Amount", "refunded_total"),
    "discount_code": ("Coupon Code", "Coupons Used"),
    "product_id": ("SKU", "item_sku"),
    "product_name": ("Item Name", "Name", "Product Name", "item_name"),
    "product.category": ("Category",),
    "quantity": ("Quantity", "item_quantity"),
    "quantity_kept": ("Quantity (- Refund)",),
    "unit_price": ("Item Cost",),
    "price_before": ("Item Cost Before Discount",),
    "line_gross": ("item_subtotal",),
    "line_total": ("item_total",),
    "refunded": ("item_refunded",),
}

SOURCES = (
    Source(
        "woocommerce_orders",
        "WooCommerce: orders (Advanced Order Export)",
        "orders",
        {role: names for role, names in _NAMES.items() if role not in ("line_gross", "line_total", "refunded")},
        ("order_id", "ordered_at", "order_goods", "product_name", "unit_price"),
        orders,
    ),
    Source(
        "woocommerce_items",
        "WooCommerce: orders (Customer / Order / Coupon Export)",
        "orders",
        {role: names for role, names in _NAMES.items() if role not in ("unit_price", "price_before", "quantity_kept")},
        ("order_id", "ordered_at", "quantity", "line_gross", "line_total"),
        orders,
    ),
    Source(
        "woocommerce_analytics",
        "WooCommerce: analytics, orders",
        "orders",
        {"order_id": ("Order #",), "product_name": ("Product(s)", "Products"), "quantity": ("Items sold",)},
        ("order_id", "product_name", "quantity"),
        analytics,
    ),
)
