"""Taobao's and Tmall's exports of sold goods: a file of orders (ExportOrderList) and one of their lines
(ExportOrderDetailList), as sellers download them since 2019; later names of columns (主订单编号) are known.
GBK text, ids written ="123", spaces around the columns' names, "元" behind some amounts.

买家应付货款 is what the buyer owes for goods after the shop's discounts, and holds; a line's 价格 is the list price of
a unit. 买家实际支付金额 contains the postage. 总金额 is not used: before discounts in some years, after them in others.
A refund (退款金额) of a part of an order is first that of its lines with the status 交易关闭. Amounts are in yuan and
never say so. An order's time is when it was made (订单创建时间), China time.

Buyers: since 2021 names and accounts are often masked (张**, t***8), and two buyers may look the same; such an order is
kept as a guest's. 收货人姓名, addresses and messages are not taken in.
"""

import pandas as pd

from engine.errors import DataProblem
from engine.shop.sources import cells, lines
from engine.shop.sources.cells import filled, words
from engine.shop.sources.taken import Source, Taken
from engine.shop.store import ShopSettings
from engine.shop.tables import Problem

CURRENCY = "CNY"
UNPAID = ("等待买家付款", "没有创建支付宝交易", "等待付款", "未付款")
CLOSED = "关闭"
MASK = r"[*＊]"
GUEST = "guest-"
MASKED = (
    "The buyers of {masked:,} of {orders:,} orders are masked: whether they bought again cannot be seen. An export "
    "with 买家会员名 unmasked tells repeat buyers from new ones."
)


def orders(frame: pd.DataFrame, settings: ShopSettings) -> Taken:
    """Paid orders that were not closed. Raises DataProblem where one of the two files is missing."""
    _check_both(frame)
    rows = frame.copy()
    lines.fill_orders(rows)
    masked = _key_buyers(rows)
    _name_products(rows)
    _returned(rows)
    notes = [MASKED.format(masked=masked, orders=rows["order_id"].nunique())] if masked else []
    if settings.rate(CURRENCY) is not None:
        rows["currency"] = CURRENCY
    else:
        notes.append(f"Amounts are in yuan (CNY) and the shop counts in {settings.currency}: set the rate of CNY.")
    taken = lines.take(rows, settings, _no_sale)
    is_guest = taken.frame["customer_id"].str.startswith(GUEST)
    guests = int(taken.frame.loc[is_guest, "order_id"].nunique())
    flagged = {"order of a masked buyer, kept as a guest's": guests} if guests else {}
    return Taken(
        "orders", taken.frame, taken.aside, taken.derived, frozenset(taken.frame.loc[~is_guest, "customer_id"]),
        taken.flagged | flagged, notes,
    )  # fmt: skip


def _check_both(frame: pd.DataFrame) -> None:
    if "quantity" not in frame:
        raise DataProblem(
            "This is Taobao's file of orders (ExportOrderList). What was in the orders stands in the file of their "
            "lines: bring in ExportOrderDetailList of the same days together with it."
        )
    if "ordered_at" not in frame:
        raise DataProblem(
            "This is Taobao's file of order lines (ExportOrderDetailList). Who bought, when, and what was paid stand "
            "in the file of orders: bring in ExportOrderList of the same days together with it."
        )


def _key_buyers(rows: pd.DataFrame) -> int:
    """customer_id from what is not masked: the member's name, else the Alipay account. How many orders have neither."""
    for column in {"member_name", "email"} & set(rows):
        said = rows[column].fillna("").astype("str").str.strip()
        rows[column] = said.where(~said.str.contains(MASK, regex=True), "")
    if "email" in rows:  # an account is an address or a phone number
        rows["phone"] = cells.phone(rows["email"].where(cells.email(rows["email"]).isna(), ""))
        rows["email"] = cells.email(rows["email"])
    key = cells.contact(rows)
    if "member_name" in rows:
        rows["external_id"] = rows["member_name"]
        key = rows["member_name"].where(rows["member_name"].ne(""), key)
    nobody = key.isna()
    rows["customer_id"] = key.where(~nobody, GUEST + rows["order_id"].astype("str"))
    return int(rows.loc[nobody, "order_id"].nunique())


def _name_products(rows: pd.DataFrame) -> None:
    """The code of the exact article, else that of the product, else its title."""
    code = rows["product_id"] if "product_id" in rows else pd.Series("", rows.index)
    if "product_code" in rows:
        code = code.where(filled(code), rows["product_code"])
    rows["product_id"] = code


def _returned(rows: pd.DataFrame) -> None:
    """Lines that were closed in an order that was not: given back."""
    if "refunded" in rows and cells.number(rows, "refunded").ne(0).any():
        if "order_refund" in rows:
            del rows["order_refund"]
        return
    if "refunded" in rows:
        del rows["refunded"]
    if "line_status" in rows:
        rows["returned"] = words(rows, "line_status").str.contains(CLOSED, regex=False)


def _no_sale(rows: pd.DataFrame) -> list[Problem]:
    status = words(rows, "status")
    closed = status.str.contains(CLOSED, regex=False)
    unpaid = status.map(lambda one: any(word in one for word in UNPAID)) & ~closed
    problems: list[Problem] = [
        (int(row), "status", status[row], f"order is closed: {status[row]}") for row in rows.index[closed]
    ]
    problems += [(int(row), "status", status[row], f"order is not paid: {status[row]}") for row in rows.index[unpaid]]
    return problems


SOURCES = (
    Source(
        "tmall_orders",
        "Taobao, Tmall: orders (ExportOrderList)",
        "orders",
        {
            "order_id": ("订单编号", "主订单编号"),
            "member_name": ("买家会员名", "买家昵称"),
            "email": ("买家支付宝账号", "支付宝账号"),
            "order_subtotal": ("买家应付货款",),
            "order_shipping": ("买家应付邮费",),
            "order_total": ("买家实际支付金额", "买家实付金额"),
            "order_refund": ("退款金额",),
            "status": ("订单状态",),
            "ordered_at": ("订单创建时间",),
        },
        ("order_id", "order_subtotal", "order_shipping", "status", "ordered_at"),
        orders,
        currency=CURRENCY,
    ),
    Source(
        "tmall_lines",
        "Taobao, Tmall: lines of orders (ExportOrderDetailList)",
        "orders",
        {
            "order_id": ("主订单编号", "订单编号"),
            "product_name": ("标题", "商品标题", "宝贝标题"),
            "unit_price": ("价格", "商品价格"),
            "quantity": ("购买数量",),
            "product_id": ("外部系统编号",),
            "product_code": ("商家编码",),
            "line_status": ("订单状态",),
            "refunded": ("退款金额",),
        },
        ("order_id", "product_name", "unit_price", "quantity"),
        orders,
        joined_to="tmall_orders",
        currency=CURRENCY,
    ),
)
