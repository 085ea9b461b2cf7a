"""Reviews of bought products, in the buyer's language, whose words agree with their stars."""

import numpy as np
import pandas as pd

from sample_data.demo import dates
from sample_data.demo.customers import People

COUNT = 1_500
STAR_SHARES = np.array([0.07, 0.08, 0.13, 0.30, 0.42])  # one to five stars for an average product
TOPICS = ("quality", "delivery", "price", "packaging", "service")

# language: opening per mood (bad, middling, good), then per topic a bad, a middling and a good remark.
OPENINGS = {
    "en": (
        ("Disappointed.", "Would not buy again.", "Not what I expected.", "Sending it back."),
        ("It is fine.", "Okay overall.", "Not bad, not great.", "Does the job."),
        ("Love it!", "Very happy with this.", "Exactly what I wanted.", "My new favorite."),
    ),
    "zh": (
        ("很失望。", "不会再买了。", "和想象的差太多。", "准备退货。"),
        ("还可以。", "一般般吧。", "中规中矩。", "能用。"),
        ("非常喜欢！", "很满意。", "正是我想要的。", "会回购。"),
    ),
}
REMARKS = {
    "en": {
        "quality": (
            "It broke after a week and feels cheap.",
            "The quality is average.",
            "Beautifully made and it lasts.",
        ),
        "delivery": ("It came two weeks late.", "Delivery took a while.", "Arrived a day early."),
        "price": ("Far too expensive for what it is.", "The price is a bit high.", "Great value for the money."),
        "packaging": (
            "The box was crushed and it leaked.",
            "Plain packaging.",
            "Wrapped so nicely it could be a gift.",
        ),
        "service": (
            "Support never answered my message.",
            "Support was slow but polite.",
            "Support was quick and kind.",
        ),
    },
    "zh": {
        "quality": ("用了一周就坏了，质感很差。", "质量一般。", "做工精致，很耐用。"),
        "delivery": ("物流晚了两周才到。", "物流有点慢。", "发货很快，提前一天收到。"),
        "price": ("太贵了，不值这个价。", "价格略高。", "性价比很高。"),
        "packaging": ("包装压坏了，还漏了。", "包装很普通。", "包装精美，送人也合适。"),
        "service": ("客服一直不回复。", "客服有点慢，但态度还行。", "客服热情又耐心。"),
    },
}


def reviews(rng: np.random.Generator, who: People, orders: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """The reviews table: 1,500 bought lines reviewed 2 to 40 days later, one review per customer and product."""
    limit = pd.Timestamp(dates.END) - pd.Timedelta(days=41)
    sold = orders[(orders["quantity"] > 0) & (orders["ordered_at"] < limit)].drop_duplicates(
        ["customer_id", "product_id"]
    )
    bought = sold.iloc[np.sort(rng.choice(len(sold), COUNT, replace=False))]
    quality = rng.normal(0, 0.5, len(products))[bought["product_id"].str[1:].astype(int).to_numpy() - 1]
    stars = _stars(rng, quality)
    language = np.where(who.speaks_chinese[bought["customer_id"].str[1:].astype(int).to_numpy() - 1], "zh", "en")
    names = bought["product_id"].map(products.set_index("product_id")["name"]).to_numpy()
    written = bought["ordered_at"] + pd.to_timedelta(rng.integers(2 * 86_400, 40 * 86_400, COUNT), unit="s")
    table = pd.DataFrame(
        {
            "customer_id": bought["customer_id"].to_numpy(),
            "product_id": bought["product_id"].to_numpy(),
            "rating": stars,
            "text": [_text(rng, *row) for row in zip(stars, language, names, strict=True)],
            "written_at": written.astype("datetime64[us]").to_numpy(),
        }
    )
    return table.sort_values(["written_at", "customer_id"], ignore_index=True)


def _stars(rng: np.random.Generator, quality: np.ndarray) -> np.ndarray:
    """One to five stars; better products get more of the upper ones."""
    weights = STAR_SHARES * np.exp(np.outer(quality, np.arange(5) - 2))
    chances = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    return np.minimum((rng.random((len(quality), 1)) > chances).sum(axis=1), 4) + 1


def _text(rng: np.random.Generator, stars: int, language: str, product: str) -> str:
    """Opening, one or two remarks, sometimes the product's name; all in the mood of the stars."""
    mood = 0 if stars <= 2 else 1 if stars == 3 else 2
    topics = rng.choice(TOPICS, size=int(rng.integers(1, 3)), replace=False)
    parts = [str(rng.choice(OPENINGS[language][mood])), *(REMARKS[language][topic][mood] for topic in topics)]
    if rng.random() < 0.4:
        parts.insert(1, f"{product}。" if language == "zh" else f"This is about the {product}.")
    return ("" if language == "zh" else " ").join(parts)
