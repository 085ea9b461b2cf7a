"""Headlines and bodies of the demo shop's past campaigns, in English and Chinese."""

from sample_data.demo import response

# Category: headline as a statement, and as a question without its mark.
TOPICS_EN = {
    "": ("Good things for skin, home and wardrobe", "Ready for something new"),
    "Skin Care": ("Calm, rested skin starts tonight", "Is your skin thirsty"),
    "Makeup": ("Fresh color for every day", "Ready for a new shade"),
    "Hair Care": ("Softer hair after one wash", "Does your hair need a break"),
    "Bedding": ("Sleep in softer sheets", "When did you last sleep well"),
    "Kitchen": ("Cook more, clean less", "What is for dinner"),
    "Home Decor": ("A warmer room in minutes", "Does your living room feel like you"),
    "Womenswear": ("Easy outfits for busy weeks", "Nothing to wear"),
    "Accessories": ("The finishing touch", "What goes with that coat"),
}
TOPICS_ZH = {
    "": ("护肤、家居与穿搭好物", "想换点新东西吗"),
    "Skin Care": ("今晚开始，肌肤舒缓安稳", "肌肤又干了吗"),
    "Makeup": ("每天都有新气色", "想试试新色号吗"),
    "Hair Care": ("洗一次就柔顺", "头发需要休息一下吗"),
    "Bedding": ("换上更柔软的床品", "昨晚睡得好吗"),
    "Kitchen": ("多下厨，少清洗", "今晚吃什么"),
    "Home Decor": ("几分钟让房间更温暖", "你的客厅像你吗"),
    "Womenswear": ("忙碌一周的轻松穿搭", "没衣服穿了吗"),
    "Accessories": ("点睛的那一件", "这件外套配什么"),
}
CATEGORIES_ZH = {
    "Skin Care": "护肤",
    "Makeup": "彩妆",
    "Hair Care": "护发",
    "Bedding": "床品",
    "Kitchen": "厨房",
    "Home Decor": "家居装饰",
    "Womenswear": "女装",
    "Accessories": "配饰",
}
OFFERS_EN = {
    "percent": "Take {percent} % off with code {code}.",
    "amount": "{money} off orders from {min_spend} with code {code}.",
    "spend_save": "Spend {min_spend}, save {money} with code {code}.",
    "gift": "One {gift} is yours with any order: code {code}.",
    "free_shipping": "Free shipping on every order this week.",
    "buy_x_get_y": "Buy two, get the lowest priced third one free with code {code}.",
    "points": "Double points on everything you order.",
    "early_access": "Shop the new arrivals before everyone else.",
    "none": "See what is new in the shop.",
}
OFFERS_ZH = {
    "percent": "使用优惠码 {code} 立减 {percent} %。",
    "amount": "满 {min_spend} 减 {money}，优惠码 {code}。",
    "spend_save": "满 {min_spend} 省 {money}，优惠码 {code}。",
    "gift": "任意下单即赠 {gift}，优惠码 {code}。",
    "free_shipping": "本周全场包邮。",
    "buy_x_get_y": "买二送一，最低价商品免费，优惠码 {code}。",
    "points": "全场双倍积分。",
    "early_access": "新品抢先选购。",
    "none": "看看店里的新品。",
}
URGENT = {"en": "Last chance", "zh": "最后机会"}


def headline(features: tuple[str, ...], category: str | None, language: str) -> str:
    """A headline that shows exactly the given features of response.HEADLINE_CLICK."""
    statement, question = (TOPICS_ZH if language == "zh" else TOPICS_EN)[category or ""]
    chinese = language == "zh"
    text = question + ("？" if chinese else "?") if "question" in features else statement
    if "number" in features:
        text += " 5 件精选" if chinese else " 5 picks"
    if "urgency" in features:
        text = f"{URGENT[language]}{'：' if chinese else ': '}{text}"
    if "first_name" in features:
        text = f"{{first_name}}{'，' if chinese else ', '}{text}"
    return text + (" ✨" if "emoji" in features else "")


def body(offer: dict, category: str | None, language: str, gift: str | None) -> str:
    """One or two sentences: the offer in words, what it is for, and the way out."""
    facts = {
        "percent": f"{(offer['discount'] or 0) * 100:.0f}",
        "money": f"${offer['discount'] or 0:.0f}",
        "min_spend": f"${offer['min_spend'] or 0:.0f}",
        "code": offer["code"],
        "gift": gift,
    }
    sentence = (OFFERS_ZH if language == "zh" else OFFERS_EN)[offer["offer_kind"]].format(**facts)
    if language == "zh":
        scope = "适用全店商品" if category is None else f"本次主推：{CATEGORIES_ZH[category]}"
        return f"{sentence}{scope}。可随时退订。"
    scope = "For the whole shop" if category is None else f"This time: {category}"
    return f"{sentence} {scope}. Unsubscribe at any time."


def features_of(text: str) -> tuple[str, ...]:
    """Which headline features a text shows: the reverse of `headline`."""
    found = {
        "question": "?" in text or "？" in text,
        "urgency": any(word in text for word in URGENT.values()),
        "first_name": "{first_name}" in text,
        "emoji": "✨" in text,
        "number": any(letter.isdigit() for letter in text),
    }
    return tuple(name for name in response.HEADLINE_CLICK if found[name])
