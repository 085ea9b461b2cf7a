"""The forecast of every option for a group, the limit it breaks, and the draws by which options are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.campaign import forecast as forecasts
from engine.campaign import grid
from engine.campaign.expected import Forecast, Money
from engine.campaign.optimise.limits import Limit, Limits, Objective, Shelf, broken
from engine.campaign.optimise.options import Option
from engine.campaign.response import Models
from engine.campaign.scene import Scene
from engine.campaign.simulate import Orders
from engine.errors import NotEnoughData
from engine.sentences import Sentence
from engine.shop.store import Shop

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Group:
    """Customers to write to. `at` prepares them and the messages of a plan for an option: see scene.scenes."""

    group_id: str
    at: Callable[[Option], tuple[Sequence[Scene], list[dict]]]


@dataclass(frozen=True, slots=True)
class Judged:
    """An option and what it would do. orders, given (money off): expected. units: expected, by product. profit_draws,
    given_draws: in draws that belong together; None without money. left_out: how many get no message, for each reason.
    breaks: the limit it does not keep (see `check`). Its forecast has no money but extra_profit before `in_full`."""

    option: Option
    forecast: Forecast
    orders: float
    given: float
    units: dict[str, float]
    profit_draws: np.ndarray | None
    given_draws: np.ndarray | None
    left_out: dict[str, int]
    breaks: Limit = "none"

    @property
    def cost(self) -> float:
        """Discount given and sending, expected."""
        return self.given + (self.forecast.send_cost or 0.0)

    def worth(self, objective: Objective) -> float:
        """What it is ranked by, in money; minus infinity where no money is known."""
        profit = self.forecast.extra_profit
        if profit is None:
            return -np.inf
        return profit.value if objective == "expected" else profit.low


def judge(
    shop: Shop,
    models: Models,
    group: Group,
    options: Sequence[Option],
    shelf: Shelf,
    seed: int = 0,
    progress: Progress = lambda share, text: None,
) -> list[Judged]:
    """Every option of a group with its money, in order, no limit asked yet. Raises NotEnoughData without money."""
    if models.responses.get("order") is None or models.value is None:
        why = "engine.no_order_model" if "order" not in models.responses else "engine.no_value"
        raise NotEnoughData(Sentence(why))
    known: dict[tuple, Orders] = {}
    found = []
    for number, option in enumerate(options):
        scenes, steps = group.at(option)
        if len(steps) == 1 and option.setting not in known:
            known |= _orders(shop, models, group, [one for one in options if _alike(one, option)])
        forecast, money = forecasts.drawn(
            shop, models, scenes, steps, seed, True, True, known.get(option.setting), ranged=("extra_profit",)
        )
        found.append(_judged(option, forecast, money, shelf, scenes[0].left_out))
        if number % 20 == 0:
            progress(number / len(options), group.group_id)
    return found


def _alike(a: Option, b: Option) -> bool:
    """Whether two options have the same audience, ready for both."""
    return a.channel == b.channel and a.about == b.about


def _orders(shop: Shop, models: Models, group: Group, options: Sequence[Option]) -> dict[tuple, Orders]:
    """Who orders, by setting, of options for one audience and one message."""
    by_setting = {option.setting: option for option in options}
    [scene], _ = group.at(options[0])
    if not len(scene.known):
        return {}
    steps = [group.at(option)[1][0] for option in by_setting.values()]
    return dict(zip(by_setting, grid.orders(shop, models, scene, steps), strict=True))


def _judged(option: Option, forecast: Forecast, money: Money | None, shelf: Shelf, left_out: dict) -> Judged:
    orders, given = ((money.expected[name] or 0.0) if money else 0.0 for name in ("orders", "discount_cost"))
    profit_draws, given_draws = (
        _small(money.draws[name]) if money else None for name in ("extra_profit", "discount_cost")
    )
    units = shelf.units(option.about, orders)
    return Judged(option, forecast, orders, given, units, profit_draws, given_draws, left_out)


def _small(draws: np.ndarray | None) -> np.ndarray | None:
    # Half the memory: a thousand options are kept at once.
    return None if draws is None else draws.astype("float32")


def check(judged: Sequence[Judged], limits: Limits, shelf: Shelf) -> list[Judged]:
    """The same, each with the first limit it breaks."""
    return [replace(one, breaks=broken(limits, one.forecast, one.cost, one.units, shelf.stock)) for one in judged]


def in_full(shop: Shop, models: Models, group: Group, one: Judged, seed: int = 0) -> Judged:
    """The same with rates, unsubscribes and every sentence: the forecast that the Numbers of such a plan show.

    What was never tried has its money only where that was asked for.
    """
    scenes, steps = group.at(one.option)
    untried = one.breaks != "tried range"
    return replace(one, forecast=forecasts.drawn(shop, models, scenes, steps, seed, even_untried=untried)[0])
