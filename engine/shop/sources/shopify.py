"""Shopify's exports of orders, customers and products.

Orders: one row a line; what belongs to the whole order stands on its first row only. "Subtotal" is goods after all
discounts; "Discount Amount" is the order's, "Lineitem discount" the line's own. A customer is known by e-mail.
"""

import pandas as pd

from engine.shop.sources import lines
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import Problem

UNPAID = ("pending", "authorized", "voided", "expired", "unpaid")
TEST_PAYMENTS = ("bogus", "test")


def orders(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Paid, real orders; e-mail, else phone, is the customer's key."""
    return lines.take(frame, settings, _no_sale)


def _no_sale(rows: pd.DataFrame) -> list[Problem]:
    status = _words(rows, "payment_status")
    payment, tags = _words(rows, "payment_method"), _words(rows, "tags")
    is_test = payment.str.contains("|".join(TEST_PAYMENTS)) | tags.str.split(r",\s*").map(lambda one: "test" in one)
    problems: list[Problem] = [
        (int(row), "payment_method", payment[row], "order is a test order") for row in rows.index[is_test]
    ]
    unpaid = status.isin(UNPAID) & ~is_test
    problems += [
        (int(row), "payment_status", status[row], f"order is not paid: {status[row]}") for row in rows.index[unpaid]
    ]
    return problems


def _words(rows: pd.DataFrame, column: str) -> pd.Series:
    if column not in rows:
        return pd.Series("", rows.index)
    return rows[column].fillna("").astype("str").str.strip().str.lower()


def customers(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Customers under the key that their orders have: e-mail, else phone, else Shopify's own number."""
    rows = frame.copy()
    key = pd.Series(None, rows.index, dtype="object")
    for column in ("email", "phone"):
        if column in rows:
            key = key.where(key.notna(), rows[column].astype("str").str.strip().str.lower())
            key = key.where(key.notna() & key.astype("str").ne(""), None)
    personal = frozenset(key.dropna().astype("str"))
    number = "shopify-" + rows["external_id"].astype("str") if "external_id" in rows else None
    rows["customer_id"] = key.where(key.notna(), number)
    own = [column for column in rows if column.startswith("customer.")]
    table = rows[["customer_id", *(c for c in ("email_consent", "sms_consent") if c in rows), *own]]
    table = table.rename(columns={column: column.removeprefix("customer.") for column in own})
    contacts = rows[["customer_id", *(c for c in ("email", "phone", "external_id") if c in rows)]]
    return Taken("customers", table, derived={"contacts": contacts}, personal=personal)


def products(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """One product a variant. What belongs to the product stands on the first row of its handle; others add pictures."""
    rows = frame.copy()
    for column in ("name", "category", "brand", "description", "status"):
        if column in rows:
            said = rows[column].where(lines.filled(rows[column]))
            rows[column] = said.fillna(said.groupby(rows["handle"], sort=False).transform("first"))
    has_variant = pd.Series(False, rows.index)
    for column in ("product_id", "price"):
        if column in rows:
            has_variant |= lines.filled(rows[column])
    aside: list[Problem] = [
        (int(row), "product_id", None, "row of a picture: no variant of a product") for row in rows.index[~has_variant]
    ]
    rows = rows[has_variant].copy()
    options = rows[[c for c in ("option_1", "option_2", "option_3") if c in rows]]
    variant = options.apply(lambda row: " / ".join(v for v in row.astype("str") if v and v != "Default Title"), axis=1)
    rows["name"] = rows["name"].str.cat(
        variant.where(variant.ne(""), None).map(" - {}".format, na_action="ignore").fillna("")
    )
    # A variant without an SKU is known by its name, as it is in the export of orders.
    rows["product_id"] = rows["product_id"].where(lines.filled(rows["product_id"]), rows["name"])
    if "description" in rows:
        rows["description"] = rows["description"].str.replace(r"<[^>]+>", " ", regex=True).str.strip()
    wanted = ("product_id", "name", "category", "brand", "price", "unit_cost", "stock", "description")
    return Taken("products", rows[[column for column in wanted if column in rows]], aside)


SOURCES = (
    Source(
        "shopify_orders",
        "Shopify: orders",
        "orders",
        {
            "order_id": ("Name",),
            "email": ("Email",),
            "phone": ("Phone",),
            "payment_status": ("Financial Status",),
            "ordered_at": ("Created at",),
            "cancelled_at": ("Cancelled at",),
            "currency": ("Currency",),
            "order_subtotal": ("Subtotal",),
            "order_shipping": ("Shipping",),
            "order_tax": ("Taxes",),
            "order_total": ("Total",),
            "order_discount": ("Discount Amount",),
            "discount_code": ("Discount Code",),
            "order_refund": ("Refunded Amount",),
            "quantity": ("Lineitem quantity",),
            "product_name": ("Lineitem name",),
            "unit_price": ("Lineitem price",),
            "product_id": ("Lineitem sku",),
            "discount": ("Lineitem discount",),
            "status": ("Fulfillment Status",),
            "sales_channel": ("Source",),
            "payment_method": ("Payment Method",),
            "tags": ("Tags",),
            "email_consent": ("Accepts Marketing",),
            "product.brand": ("Vendor",),
            "customer.country": ("Shipping Country", "Billing Country"),
        },
        ("order_id", "email", "payment_status", "product_name", "unit_price"),
        orders,
    ),
    Source(
        "shopify_customers",
        "Shopify: customers",
        "customers",
        {
            "external_id": ("Customer ID",),
            "email": ("Email",),
            "phone": ("Phone", "Default Address Phone"),
            "email_consent": ("Accepts Email Marketing", "Accepts Marketing"),
            "sms_consent": ("Accepts SMS Marketing",),
            "customer.country": ("Default Address Country Code", "Country Code", "Country"),
            "customer.tags": ("Tags",),
        },
        ("email", "email_consent", "external_id"),
        customers,
    ),
    Source(
        "shopify_products",
        "Shopify: products",
        "products",
        {
            "handle": ("Handle",),
            "name": ("Title",),
            "description": ("Body (HTML)",),
            "brand": ("Vendor",),
            "category": ("Type", "Product Category"),
            "option_1": ("Option1 Value",),
            "option_2": ("Option2 Value",),
            "option_3": ("Option3 Value",),
            "product_id": ("Variant SKU",),
            "stock": ("Variant Inventory Qty",),
            "price": ("Variant Price",),
            "unit_cost": ("Cost per item",),
            "status": ("Status",),
        },
        ("handle", "name", "product_id", "price"),
        products,
    ),
)
