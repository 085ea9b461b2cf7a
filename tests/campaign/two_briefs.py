"""The facts of two small briefs, one in each language."""

from engine.campaign.writer.facts import Facts

EN = Facts(
    language="en",
    channel="email",
    offer_kind="percent",
    slots={"shop": "Maple & Co", "discount": "15% off", "code": "HOME15", "ends_at": "30 June", "product": "Oat Cream"},
    aliases={"discount": ("15%", "15 %", "15 percent"), "ends_at": ("2026-06-30", "June 30")},
    required=(("discount",), ("code",), ("ends_at",), ("product",)),
    products=(),
    names=("Oat Cream", "Trail Bottle"),
)
ZH = Facts(
    language="zh",
    channel="sms",
    offer_kind="percent",
    slots={"shop": "枫叶小铺", "discount": "8.5折", "code": "HOME15", "ends_at": "6月30日"},
    aliases={},
    required=(("discount",), ("code",), ("ends_at",)),
    products=(),
    names=("舒缓晚霜",),
)
