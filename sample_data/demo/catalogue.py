"""120 products of a beauty, home and fashion shop in eight categories."""

import numpy as np
import pandas as pd

# category: typical price in money, share of the price that is cost, brands, fifteen product names
CATEGORIES: dict[str, tuple[float, float, tuple[str, ...], str]] = {
    "Skin Care": (
        32,
        0.42,
        ("Lumera", "Dewleaf"),
        "Gentle Foam Cleanser|Rice Water Toner|Vitamin C Serum|Ceramide Day Cream|Overnight Repair Mask|"
        "Aloe Soothing Gel|Mineral Sunscreen SPF50|Eye Contour Cream|Green Tea Mist|Clay Purifying Mask|"
        "Hyaluronic Ampoule|Oat Hand Cream|Lip Butter Balm|Rosehip Facial Oil|Travel Skin Set",
    ),
    "Makeup": (
        24,
        0.48,
        ("Petalier", "Lumera"),
        "Velvet Matte Lipstick|Cushion Foundation|Brow Shaping Pencil|Lengthening Mascara|Cream Blush Stick|"
        "Twelve Shade Palette|Setting Powder|Liquid Eyeliner|Dewy Primer|Concealer Pen|Lip Gloss Duo|"
        "Bronzing Powder|Nail Lacquer Trio|Makeup Brush Set|Micellar Remover",
    ),
    "Hair Care": (
        22,
        0.5,
        ("Silkroot", "Dewleaf"),
        "Argan Shampoo|Repair Conditioner|Scalp Scrub|Leave In Serum|Curl Defining Cream|Dry Shampoo Mist|"
        "Keratin Hair Mask|Bamboo Paddle Brush|Silk Scrunchie Pack|Heat Guard Spray|Ginger Hair Tonic|"
        "Wide Tooth Comb|Color Protect Shampoo|Beard Oil|Satin Sleep Cap",
    ),
    "Bedding": (
        78,
        0.55,
        ("Nordnest", "Cloudrow"),
        "Linen Duvet Cover|Cotton Sateen Sheet Set|Down Alternative Pillow|Memory Foam Topper|Waffle Blanket|"
        "Silk Pillowcase|Quilted Bedspread|Bamboo Sheet Set|Weighted Blanket|Wool Throw|Crib Sheet Pair|"
        "Mattress Protector|Velvet Cushion Cover|Summer Cooling Quilt|Bolster Pillow",
    ),
    "Kitchen": (
        41,
        0.58,
        ("Hearthly", "Nordnest"),
        "Cast Iron Skillet|Ceramic Teapot|Bamboo Cutting Board|Chef Knife|Glass Storage Set|"
        "Pour Over Coffee Kit|Stoneware Dinner Set|Nonstick Wok|Linen Apron|Electric Milk Frother|"
        "Steamer Basket|Marble Mortar|Measuring Spoon Set|Insulated Bottle|Salad Spinner",
    ),
    "Home Decor": (
        48,
        0.54,
        ("Cloudrow", "Hearthly"),
        "Soy Scented Candle|Ceramic Vase|Woven Storage Basket|Framed Botanical Print|Reed Diffuser|"
        "Table Lamp|Jute Area Rug|Wall Mirror|Macrame Hanging|Photo Frame Trio|Door Mat|Desk Organizer|"
        "Floor Cushion|Curtain Panel Pair|Moon Night Light",
    ),
    "Womenswear": (
        59,
        0.52,
        ("Avelin", "Marrow Lane"),
        "Linen Wrap Dress|Cropped Denim Jacket|Ribbed Knit Sweater|Pleated Midi Skirt|Silk Blouse|"
        "High Rise Trousers|Cotton Tee Pack|Wool Blend Coat|Floral Sundress|Lounge Set|Cashmere Cardigan|"
        "Yoga Leggings|Trench Coat|Satin Camisole|Puffer Vest",
    ),
    "Accessories": (
        36,
        0.5,
        ("Marrow Lane", "Avelin"),
        "Leather Crossbody Bag|Silk Scarf|Gold Hoop Earrings|Canvas Tote|Wide Brim Hat|Pearl Necklace|"
        "Wool Beanie|Sunglasses|Leather Belt|Woven Bracelet Set|Card Holder|Travel Pouch|Cat Eye Readers|"
        "Charm Anklet|Touchscreen Gloves",
    ),
}

NAMES = tuple(CATEGORIES)
PER_CATEGORY = 15
NEW_PRODUCTS = 10  # launched inside the two years; the rest were there before

LINES = {
    "Skin Care": "everyday care for all skin types",
    "Makeup": "easy to blend, made for daily wear",
    "Hair Care": "salon care for the bathroom shelf",
    "Bedding": "soft, washable and made to last",
    "Kitchen": "practical, easy to clean, nice to look at",
    "Home Decor": "a small change that warms a room",
    "Womenswear": "a relaxed cut that goes with most things",
    "Accessories": "a finishing touch for every day",
}


def products(rng: np.random.Generator) -> pd.DataFrame:
    """The products table: 120 rows, prices ending in .90 or .00, unit cost, stock, launch date."""
    names = [name for _, _, _, text in CATEGORIES.values() for name in text.split("|")]
    category = np.repeat(NAMES, PER_CATEGORY)
    count = len(names)
    typical = np.repeat([row[0] for row in CATEGORIES.values()], PER_CATEGORY)
    cost_share = np.repeat([row[1] for row in CATEGORIES.values()], PER_CATEGORY)
    price = np.maximum(np.round(typical * np.exp(rng.normal(0, 0.4, count))), 5) - np.where(
        rng.random(count) < 0.7, 0.1, 0.0
    )
    brand = [CATEGORIES[name][2][pick] for name, pick in zip(category, rng.integers(0, 2, count), strict=True)]
    launched = np.datetime64("2020-01-01") + rng.integers(0, 1500, count)
    late = rng.choice(np.flatnonzero(np.arange(count) % PER_CATEGORY > 0), NEW_PRODUCTS, replace=False)
    launched[late] = np.datetime64("2024-09-01") + rng.integers(0, 500, NEW_PRODUCTS)
    stock = rng.negative_binomial(2, 0.008, count)
    stock[rng.choice(count, 3, replace=False)] = 0
    return pd.DataFrame(
        {
            "product_id": [f"p{number:03d}" for number in range(1, count + 1)],
            "name": names,
            "category": category.astype(str),
            "brand": brand,
            "price": price.round(2),
            "unit_cost": (price * np.clip(cost_share + rng.normal(0, 0.03, count), 0.2, 0.8)).round(2),
            "stock": stock.astype("int64"),
            "description": [
                f"{name} by {maker}: {LINES[kind]}." for name, maker, kind in zip(names, brand, category, strict=True)
            ],
            "launched_at": launched.astype("datetime64[us]"),
        }
    )


def popularity(rng: np.random.Generator) -> np.ndarray:
    """Chance of each product within its category: shape (categories, PER_CATEGORY), rows add up to 1."""
    weights = 1.0 / np.arange(1, PER_CATEGORY + 1) ** 0.7
    shuffled = np.array([rng.permutation(weights) for _ in NAMES])
    return shuffled / shuffled.sum(axis=1, keepdims=True)
