"""Facts about products that somebody vouches for: copy may say them, and who answers for them is on record."""

import json
from dataclasses import asdict, dataclass

from engine.errors import StoreProblem
from engine.shop.store import Shop

FILE = "vouched.json"


@dataclass(frozen=True, slots=True)
class Vouched:
    """A short statement about a product as copy may say it, who vouches for it, and the day it was given."""

    text: str
    by: str
    on: str  # ISO date


def vouched(shop: Shop) -> dict[str, tuple[Vouched, ...]]:
    """The facts by product_id; empty where nobody vouched for any. Raises StoreProblem for a file that is broken."""
    path = shop.path / FILE
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text("utf-8"))
        return {product: tuple(Vouched(**fact) for fact in facts) for product, facts in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StoreProblem(f"{path} cannot be read ({error}). Give the facts again on the page New product.") from error


def as_file(facts: dict[str, tuple[Vouched, ...]]) -> dict[str, bytes]:
    """The file that holds these facts, for `store.write_tables`."""
    content = {product: [asdict(fact) for fact in said] for product, said in sorted(facts.items()) if said}
    return {FILE: json.dumps(content, ensure_ascii=False, indent=1).encode()}
