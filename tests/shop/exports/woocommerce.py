"""WooCommerce's orders, as two plugins write them. Prices are without tax, which comes on top at 20 %."""

import random

from tests.shop.exports import Export, Order, csv_bytes, money, parts

PLUGIN_COLUMNS = [
    "Order Number", "Order Status", "Order Date", "Customer Note", "First Name (Billing)", "Last Name (Billing)",
    "Company (Billing)", "Address 1&2 (Billing)", "City (Billing)", "State Code (Billing)", "Postcode (Billing)",
    "Country Code (Billing)", "Email (Billing)", "Phone (Billing)", "First Name (Shipping)", "Last Name (Shipping)",
    "Address 1&2 (Shipping)", "City (Shipping)", "State Code (Shipping)", "Postcode (Shipping)",
    "Country Code (Shipping)", "Payment Method Title", "Cart Discount Amount", "Order Subtotal Amount",
    "Shipping Method Title", "Order Shipping Amount", "Order Refund Amount", "Order Total Amount",
    "Order Total Tax Amount", "SKU", "Item #", "Item Name", "Quantity (- Refund)", "Item Cost", "Coupon Code",
    "Discount Amount", "Discount Amount Tax",
]  # fmt: skip
ITEM_COLUMNS = [
    "order_id", "order_number", "order_date", "status", "shipping_total", "shipping_tax_total", "fee_total",
    "tax_total", "discount_total", "order_total", "refunded_total", "order_currency", "payment_method", "customer_id",
    "billing_first_name", "billing_last_name", "billing_email", "billing_phone", "billing_address_1", "billing_city",
    "billing_country", "item_id", "item_name", "item_sku", "item_quantity", "item_subtotal", "item_subtotal_tax",
    "item_total", "item_total_tax", "item_refunded", "item_refunded_qty",
]  # fmt: skip
SOLD = ("wc-completed", "completed", "wc-processing", "Processing", "wc-refunded")
NO_SALE = {
    "wc-pending": "order is not paid: pending", "Failed": "order is not paid: failed",
    "wc-on-hold": "order is not paid: on-hold", "cancelled": "order was cancelled: cancelled",
}  # fmt: skip


class _Bought:
    """One order by chance: lines (sku, quantity, price, off), units sent back by line, and what was paid back."""

    def __init__(self, chance: random.Random, status: str, back: str) -> None:
        skus = chance.sample(range(30), chance.randint(1, 4))
        plain = [(sku, chance.randint(1, 3), chance.randint(50, 9_000)) for sku in skus]
        weights = [quantity * price for _, quantity, price in plain]
        self.status, self.gross = status, sum(weights)
        self.off = chance.choice([0, 0, self.gross // 10, self.gross // 4 + 1])
        offs = parts(self.off, weights)
        self.lines = [(*line, off) for line, off in zip(plain, offs, strict=True)]
        self.goods, self.shipping = self.gross - self.off, chance.choice([0, 490])
        self.tax = round(self.goods * 0.2)
        self.total = self.goods + self.shipping + self.tax
        self.returned = [0] * len(self.lines)
        self.refunded_goods = self.refund = 0
        if back == "whole" or status == "wc-refunded":
            self.refunded_goods, self.refund = self.goods, self.total
        elif back == "units":
            _, quantity, price, off = self.lines[0]
            self.returned[0] = quantity
            self.refunded_goods = quantity * price - off
        elif back == "money":
            self.refunded_goods = self.goods // 5
        if not self.refund and self.refunded_goods:
            self.refund = self.refunded_goods + round(self.refunded_goods * self.tax / self.goods)

    def truth(self, customer: str, status: str) -> Order:
        """As the order was bought."""
        return Order(customer, self.gross, self.off, self.shipping, self.tax, self.refunded_goods, status)


def _orders(chance: random.Random, many: int):
    for number in range(many):
        status = chance.choice([*SOLD, *SOLD, *NO_SALE])
        yield str(5_000 + number), _Bought(chance, status, chance.choice(["", "", "units", "money", "whole"]))


def _said(status: str) -> str:
    return status.lower().removeprefix("wc-")


def plugin(many: int = 120, seed: int = 2) -> Export:
    """Advanced Order Export. Of lines sent back in units the truth has the order's net only: see `nets`."""
    chance, rows, orders, aside = random.Random(seed), [], {}, {}
    for name, bought in _orders(chance, many):
        email = f"b{chance.randint(1, 30)}@example.com"
        first = {
            "Cart Discount Amount": money(bought.off), "Order Subtotal Amount": money(bought.gross),
            "Order Shipping Amount": money(bought.shipping), "Order Refund Amount": money(bought.refund),
            "Order Total Amount": money(bought.total), "Order Total Tax Amount": money(bought.tax),
        }  # fmt: skip
        for place, (sku, quantity, price, off) in enumerate(bought.lines):
            left = quantity - bought.returned[place]
            rows.append(
                {"Order Number": name, "Order Status": bought.status, "Order Date": "2026-02-03 14:05",
                 "First Name (Billing)": "Zelda", "Last Name (Billing)": "Quux", "City (Billing)": "Atlantis",
                 "Address 1&2 (Billing)": "Nowhere 7", "Country Code (Billing)": "FR", "Email (Billing)": email.upper(),
                 "SKU": f"W{sku}", "Item #": place + 1, "Item Name": f"Thing {sku}", "Quantity (- Refund)": left,
                 "Item Cost": money(round((quantity * price - off) / quantity)),
                 "Coupon Code": "TEN" if bought.off else ""}
                | first
            )  # fmt: skip
            if bought.status in NO_SALE or not left:
                reason = "sent back whole: no unit is left" if not left else NO_SALE[bought.status]
                aside[reason] = aside.get(reason, 0) + 1
        is_left = any(line[1] > gone for line, gone in zip(bought.lines, bought.returned, strict=True))
        if bought.status not in NO_SALE and is_left:
            orders[name] = bought.truth(email, _said(bought.status))
    return Export("orders-2026.csv", csv_bytes(PLUGIN_COLUMNS, rows), len(rows), orders, aside)


def items(many: int = 80, seed: int = 3) -> Export:
    """Customer / Order / Coupon Export, one row per item."""
    chance, rows, orders, aside = random.Random(seed), [], {}, {}
    for name, bought in _orders(chance, many):
        email = f"b{chance.randint(1, 30)}@example.com"
        by_line = any(bought.returned)
        for place, (sku, quantity, price, off) in enumerate(bought.lines):
            paid = quantity * price - off
            rows.append(
                {"order_id": int(name) + 9, "order_number": name, "order_date": "2026-02-03 14:05:09",
                 "status": _said(bought.status), "shipping_total": money(bought.shipping), "customer_id": 0,
                 "tax_total": money(bought.tax), "discount_total": money(bought.off), "order_currency": "EUR",
                 "order_total": money(bought.total), "refunded_total": money(bought.refund), "billing_email": email,
                 "billing_first_name": "Zelda", "billing_address_1": "Nowhere 7", "billing_country": "FR",
                 "item_name": f"Thing {sku}", "item_sku": f"W{sku}", "item_quantity": quantity,
                 "item_subtotal": money(quantity * price), "item_total": money(paid),
                 "item_refunded": money(paid if by_line and bought.returned[place] else 0)}
            )  # fmt: skip
            if bought.status in NO_SALE:
                aside[NO_SALE[bought.status]] = aside.get(NO_SALE[bought.status], 0) + 1
        if bought.status not in NO_SALE:
            orders[name] = bought.truth(email, _said(bought.status))
    return Export("woo-items.csv", csv_bytes(ITEM_COLUMNS, rows), len(rows), orders, aside)


def analytics() -> bytes:
    """WooCommerce's own report: no lines."""
    columns = [
        "Date", "Order #", "Status", "Customer", "Customer type", "Product(s)", "Items sold", "Coupon(s)", "N. Revenue",
        "Attribution",
    ]  # fmt: skip
    row = {"Date": "2026-02-03", "Order #": "5000", "Product(s)": "2x Mug", "Items sold": "2", "N. Revenue": "17.00"}
    return csv_bytes(columns, [row])
