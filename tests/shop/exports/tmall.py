"""Taobao's and Tmall's two files of sold goods, in GBK."""

from tests.shop.exports import Export, Order, csv_bytes, money

ORDER_COLUMNS = [
    "订单编号", "买家会员名", "买家支付宝账号", "支付单号", "支付详情", "买家应付货款",
    "买家应付邮费", "买家支付积分", "总金额", "返点积分", "买家实际支付金额", "买家实际支付积分",
    "订单状态", "买家留言", "收货人姓名", "收货地址 ", "运送方式", "联系电话 ",
    "联系手机", "订单创建时间", "订单付款时间 ", "宝贝标题 ", "宝贝种类 ", "物流单号 ",
    "物流公司", "订单备注", "宝贝总数量", "店铺Id", "店铺名称", "订单关闭原因",
    "卖家服务费", "买家服务费", "发票抬头", "是否手机订单", "分阶段订单信息", "天猫卡券抵扣",
    "集分宝抵扣", "是否是O2O交易", "退款金额", "预约门店", "确认收货时间", "打款商家金额",
]  # fmt: skip
LINE_COLUMNS = [
    "订单编号", "标题", "价格", "购买数量", "外部系统编号", "商品属性", "套餐信息", "备注", "订单状态", "商家编码",
]  # fmt: skip
DONE, SHIPPED, PAID = "交易成功", "卖家已发货，等待买家确认", "买家已付款，等待卖家发货"
CLOSED, UNPAID = "交易关闭", "等待买家付款"
TEA, CUP, TRAY = ("茶叶 500克", "TEA-500", 12_900), ("杯子", "CUP-1", 3_500), ("托盘", "", 8_888)


class _Files:
    def __init__(self) -> None:
        self.orders: list[dict[str, object]] = []
        self.lines: list[dict[str, object]] = []
        self.truth: dict[str, Order] = {}
        self.aside: dict[str, int] = {}

    def add(
        self, number, buyer, status, bought, goods, postage=0, refund=0, refunded_goods=0, account="", closed=(),
        customer="", reason="",
    ):  # fmt: skip
        """bought: (product, quantity). goods: what is owed for them, in fen. closed: which of the lines came back."""
        paid = 0 if status == UNPAID else goods + postage
        self.orders.append(
            {"订单编号": f'="{number}"', "买家会员名": buyer, "买家支付宝账号": account, "买家应付货款": money(goods),
             "买家应付邮费": money(postage), "总金额": money(goods + postage), "买家实际支付金额": money(paid),
             "订单状态": status, "买家留言": "请快点", "收货人姓名": "张**", "收货地址 ": "浙江省 杭州市 某区 ****",
             "联系手机": "'138****0000", "订单创建时间": "2026-03-08 20:15:01", "订单付款时间 ": "2026-03-08 20:15:44",
             "宝贝标题 ": "，".join(product[0] for product, _ in bought), "宝贝总数量": len(bought), "店铺名称": "某店",
             "退款金额": money(refund), "打款商家金额": f"{money(paid - refund)}元"}
        )  # fmt: skip
        for place, ((title, code, price), quantity) in enumerate(bought):
            own = CLOSED if place in closed or status == CLOSED else status
            self.lines.append(
                {"订单编号": f'="{number}"', "标题": title, "价格": money(price), "购买数量": quantity,
                 "外部系统编号": code, "商品属性": "颜色:白", "订单状态": own, "商家编码": code and code[:3]}
            )  # fmt: skip
        if reason:
            self.aside[reason] = self.aside.get(reason, 0) + len(bought)
        else:
            gross = sum(product[2] * quantity for product, quantity in bought)
            key = customer or buyer
            self.truth[number] = Order(key, gross, gross - goods, postage, 0, refunded_goods, status)


def both() -> tuple[Export, Export]:
    """The file of orders and the file of their lines; the truth is with the lines."""
    files = _Files()
    files.add("3141592653589793001", "茶客老王", DONE, [(TEA, 1), (CUP, 2), (TRAY, 1)], 25_000, postage=1_000)
    files.add("3141592653589793002", "茶客老王", SHIPPED, [(CUP, 3)], 10_500)
    files.add("3141592653589793003", "t***8", PAID, [(CUP, 1)], 3_500, customer="guest-3141592653589793003")
    files.add("3141592653589793004", "t***8", DONE, [(TEA, 1)], 12_900, account="Tea@example.com",
              customer="tea@example.com")  # fmt: skip
    # The cups came back; 70.00 of list price were 63.64 of the 180.91 that were owed.
    files.add("3141592653589793005", "小李", DONE, [(TEA, 1), (CUP, 2)], 18_091, refund=6_364, refunded_goods=6_364,
              closed={1})  # fmt: skip
    # Closed lines, and no amount beside them: given back whole.
    files.add("3141592653589793006", "小李", DONE, [(TEA, 1), (CUP, 1)], 16_400, refunded_goods=3_500, closed={1})
    files.add("3141592653589793007", "小李", DONE, [(CUP, 1)], 3_500, refund=500, refunded_goods=500)
    files.add("3141592653589793008", "小李", CLOSED, [(TEA, 1), (CUP, 1)], 16_400, refund=16_400,
              reason=f"order is closed: {CLOSED}")  # fmt: skip
    files.add("3141592653589793009", "阿花", UNPAID, [(TEA, 2)], 25_800, reason=f"order is not paid: {UNPAID}")
    orders = Export("ExportOrderList202603.csv", csv_bytes(ORDER_COLUMNS, files.orders, "gbk"), len(files.orders))
    content = csv_bytes(LINE_COLUMNS, files.lines, "gbk")
    lines = Export("ExportOrderDetailList202603.csv", content, len(files.lines), files.truth, files.aside)
    return orders, lines
