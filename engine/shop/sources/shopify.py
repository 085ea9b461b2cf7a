"""Shopify's exports of orders, customers and products, as the admin writes them since 2021.

Orders. One row a line; what belongs to the whole order (status, totals, addresses) stands on its first row only, the
order's name and e-mail address on all. "Subtotal" is goods after all discounts and holds: "Discount Amount" is the
order's discount and may contain the shipping given free, "Lineitem discount" is what was taken off that line already.
"Taxes" come on top of the prices or are in them, by the shop's setting: "Total" says which. "Refunded Amount" is what
was paid back of Total; Subtotal, Total and quantities stay as ordered. Test orders are paid by the "bogus" gateway.
A customer is known by e-mail address; ids may have an apostrophe before them, which keeps a spreadsheet off them.

Products. One row a variant, and rows of further pictures; what belongs to the product stands on its first row.
Names of people and postal addresses are not taken in.
"""

import html

import pandas as pd

from engine.shop.sources import cells, lines
from engine.shop.sources.cells import filled, words
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import Problem

UNPAID = ("pending", "authorized", "voided", "expired", "unpaid")
TEST_PAYMENT = r"\b(?:bogus|test|testing)\b"


def orders(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Paid, real orders; e-mail, else phone, is the customer's key."""
    taken = lines.take(frame, settings, _no_sale)
    if "cancelled_at" in frame:
        cancelled = taken.frame["order_id"].isin(frame.loc[filled(frame["cancelled_at"]), "order_id"])
        back = cells.number(taken.frame, "refunded").groupby(taken.frame["order_id"]).transform("sum")
        if kept := taken.frame.loc[cancelled & back.eq(0), "order_id"].nunique():
            taken.flagged["order was cancelled, and nothing was paid back (kept)"] = int(kept)
    return taken


def _no_sale(rows: pd.DataFrame) -> list[Problem]:
    status = words(rows, "payment_status")
    payment, tags = words(rows, "payment_method"), words(rows, "tags")
    is_test = payment.str.contains(TEST_PAYMENT) | tags.str.split(r",\s*").map(lambda one: "test" in one)
    problems: list[Problem] = [
        (int(row), "payment_method", payment[row], "order is a test order") for row in rows.index[is_test]
    ]
    unpaid = status.isin(UNPAID) & ~is_test
    problems += [
        (int(row), "payment_status", status[row], f"order is not paid: {status[row]}") for row in rows.index[unpaid]
    ]
    return problems


def customers(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Customers under the key that their orders have: e-mail, else phone, else Shopify's own number."""
    rows = frame.copy()
    key = cells.contact(rows)
    personal = frozenset(key.dropna().astype("str"))
    if "external_id" in rows:
        rows["external_id"] = _id(rows["external_id"])
        key = key.where(key.notna(), ("shopify-" + rows["external_id"]).where(filled(rows["external_id"])))
    rows["customer_id"] = key
    own = [column for column in rows if column.startswith("customer.")]
    table = rows[["customer_id", *(c for c in ("email_consent", "sms_consent") if c in rows), *own]]
    table = table.rename(columns={column: column.removeprefix("customer.") for column in own})
    contacts = rows[["customer_id", *(c for c in ("email", "phone", "external_id") if c in rows)]]
    return Taken("customers", table, derived={"contacts": contacts[key.notna()]}, personal=personal)


def _id(column: pd.Series) -> pd.Series:
    return column.astype("str").str.strip().str.removeprefix("'")


def products(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """One product a variant, under its SKU; without one under its name, as in the export of orders."""
    rows = frame.copy()
    for column in ("name", "category", "brand", "description"):
        if column in rows:
            said = rows[column].where(filled(rows[column]))
            rows[column] = said.fillna(said.groupby(rows["handle"], sort=False).transform("first"))
    has_variant = filled(rows["product_id"]) | filled(rows["price"])
    aside: list[Problem] = [
        (int(row), "product_id", None, "row of a picture: no variant of a product") for row in rows.index[~has_variant]
    ]
    rows = rows[has_variant].copy()
    rows["name"] = rows["name"].str.cat(_variant(rows))
    sku = _id(rows["product_id"])
    rows["product_id"] = sku.where(filled(sku), rows["name"])
    if "description" in rows:
        text = rows["description"].str.replace(r"<[^>]+>", " ", regex=True).map(html.unescape, na_action="ignore")
        rows["description"] = text.str.replace(r"\s+", " ", regex=True).str.strip()
    wanted = ("product_id", "name", "category", "brand", "price", "unit_cost", "stock", "description")
    return Taken("products", rows[[column for column in wanted if column in rows]], aside)


def _variant(rows: pd.DataFrame) -> pd.Series:
    """ " - Red / M", as in the names of order lines; "" for a product without variants."""
    names = pd.Series("", rows.index)
    for column in ("option_1", "option_2", "option_3"):
        if column in rows:
            option = rows[column].fillna("").astype("str").str.strip().replace("Default Title", "")
            names += option.where(option.eq(""), names.map(lambda one: " / " if one else " - ") + option)
    return names


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
            "total_spent": ("Total Spent",),  # known by it, and not taken in: it tells of days not yet forecast
        },
        ("email", "email_consent", "total_spent"),
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
        },
        ("handle", "name", "product_id", "price"),
        products,
    ),
)
