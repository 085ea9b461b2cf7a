"""Reports of advertisements out of GA4 and Meta."""

from tests.shop.exports import csv_bytes

RULE = "# ----------------------------------------\n"
GA4 = [
    "Session campaign", "Date", "Google Ads impressions", "Google Ads clicks", "Google Ads cost",
    "Ecommerce purchases", "Purchase revenue",
]  # fmt: skip
META = [
    "Reporting starts", "Reporting ends", "Campaign name", "Ad set name", "Ad name", "Ad ID", "Ad delivery", "Reach",
    "Impressions", "Frequency", "Result type", "Results", "Link clicks", "CTR (link click-through rate)",
    "Amount spent (EUR)", "Purchases", "Purchases conversion value",
]  # fmt: skip


def ga4(exploration: bool = False) -> bytes:
    """Two campaigns on two days, visits without an ad, and the totals first: in an exploration with a field more."""
    above = f"{RULE}# Google Ads\n# Loom - GA4\n# 20260301-20260302\n{RULE}\n"
    rows = [
        ("", "", 4600, 131, "60.25", 6, "410.5"),
        ("brand", "20260301", 1000, 50, "12.5", 3, "210"),
        ("brand", "20260302", 1100, 41, "11.25", 2, "150.5"),
        ("spring_sale", "20260301", 2500, 40, "36.5", 1, "50"),
        ("(organic)", "20260301", 0, 0, "0", 0, "0"),
        ("(not set)", "20260302", 0, 0, "0", 0, "0"),
    ]
    content = csv_bytes(GA4, [dict(zip(GA4, row, strict=True)) for row in rows], above=above)
    return content.replace(b",6,410.5\r\n", b",6,410.5,Grand total\r\n") if exploration else content


def meta(currency: str = "EUR", **more: str) -> bytes:
    """Two ads by day, one over a week, one without clicks, and the totals first."""
    columns = [column.replace("EUR", currency) for column in META] + list(more)
    day = {"Reporting starts": "2026-03-01", "Reporting ends": "2026-03-01", "Campaign name": "Spring"}
    day |= {"Ad set name": "Broad", "Ad delivery": "active", "Result type": "Landing page views", "Results": 99}
    spent = f"Amount spent ({currency})"
    rows = [
        {"Reporting starts": "2026-03-01", "Reporting ends": "2026-03-07", "Impressions": 7300, spent: "88.10"},
        day | {"Ad name": "Film", "Ad ID": "120201", "Impressions": 2000, "Link clicks": 40, spent: "20.50",
               "Purchases": 2, "Purchases conversion value": "130.00"},
        day | {"Ad name": "Photo", "Ad ID": "120202", "Impressions": 300, spent: "1.60"},
        day | {"Reporting ends": "2026-03-07", "Ad name": "Text", "Ad ID": "120203", "Impressions": 5000,
               "Link clicks": 70, spent: "66.00", "Purchases": 3, "Purchases conversion value": "99.90"},
    ]  # fmt: skip
    return csv_bytes(columns, [row | more for row in rows])
