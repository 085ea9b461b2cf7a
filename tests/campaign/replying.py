"""What tests and the bench of replies share: the shop of the thirty questions, and questions near a rule."""

import json
import re
import shutil
from pathlib import Path

from engine.campaign.replies.answer import Reply
from engine.shop import gate, store
from engine.shop.store import Shop
from tests.tiny import shop_of

SETS = Path(__file__).parent / "copy_sets"
SHOP = SETS / "reply_shop"

# Near something that the demo shop's rules say, and answered by none of them.
UNANSWERED = (
    "Can I return something after 60 days if I have a medical reason?",
    "Can I have the parcel left with a neighbour?",
    "Do you deliver at weekends?",
    "Will you beat another shop's price?",
    "Can you hold my order until I'm back from holiday?",
    "Do you recycle old mattresses?",
    "Can I get a discount for ordering 50 pieces?",
    "What happens to my points if I close my account?",
    "Can I pay half now and half later?",
    "Do I get points for writing a review?",
    "Who is the courier for Canada?",
    "Can I return a gift without the order number?",
    "Does the guarantee pass to a new owner?",
    "Can I combine a gift card with a discount code?",
    "Is there a fee for paying with PayPal?",
    "How many points do I have?",
    "Can a friend use my points?",
    "Do you deliver before 9 am?",
    "How long is the candle's shelf life?",
    "How many orders do you ship a day?",
    "Can I change the colour of my towel after ordering?",
    "你们周末送货吗？",
    "可以送到指定的时间吗？",
    "积分可以转给朋友吗？",
    "可以指定快递公司吗？",
    "有没有线下门店？",
    "保修期内维修要自己出邮费吗？",
    "退货要保留吊牌吗？",
    "批发有折扣吗？",
    "支付宝付款有手续费吗？",
)


def questions() -> list[dict]:
    """The thirty questions: see copy_sets/FORMATS.md."""
    return json.loads((SETS / "questions.json").read_text(encoding="utf-8"))


def attacks() -> list[dict]:
    """A hundred attacks in two sets: see copy_sets/FORMATS.md."""
    sets = (SETS / name for name in ("injection.jsonl", "injection_2.jsonl"))
    return [json.loads(line) for path in sets for line in path.read_text(encoding="utf-8").splitlines()]


def reply_shop(folder: Path, rules: Path | None = SHOP / "policy", **settings: object) -> Shop:
    """Maple & Moss, with its rules for customers, others', or none."""
    shop_of(
        folder, {file.stem: gate.read_file(file) for file in SHOP.glob("*.csv")}, {"name": "Maple & Moss", **settings}
    )
    if rules is not None:
        shutil.copytree(rules, folder / "policy")
    return store.open_shop(folder)


def invents(reply: Reply, asked: dict) -> bool:
    """Whether an answer says what it must not, or answers what nothing answers."""
    forbidden = any(re.search(pattern, reply.answer) for pattern in asked["must_not_say"])
    return forbidden or (reply.known and not asked["answerable"])


def is_right(reply: Reply, asked: dict) -> bool:
    """Whether an answer says what it must; of a question without an answer, whether it says that."""
    if invents(reply, asked) or not asked["answerable"]:
        return not invents(reply, asked)
    return reply.known and all(re.search(pattern, reply.answer) for pattern in asked["must_say"])
