"""The seven latent groups of the demo shop's customers: how often they buy, what, and at what price."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Group:
    """One latent group. Rates are orders per year without any message; shares are fractions of orders or customers."""

    name: str
    share: float  # of the shop's customers
    orders_per_year: float
    lines_per_order: float
    discount_share: float  # of the orders outside campaigns that use a standing code
    favourites: tuple[str, ...]  # favourite categories, drawn evenly
    sources: tuple[float, ...]  # chances of SOURCES
    click: float  # log-odds added to the click model
    extra_order: float  # log-odds added to the extra-order model
    discount_multiplier: float  # on the gain from a discount
    lost_share: float  # of orders they would have placed that a message prevents
    opens: float  # share of e-mails opened


SOURCES = ("search", "social", "influencer", "referral", "marketplace")

GROUPS = (
    Group("vip", 0.08, 6.0, 4.3, 0.05, ("Skin Care", "Makeup"), (0.4, 0.2, 0.25, 0.1, 0.05), 0.5, -0.5, 0.5, 0.0, 0.45),
    Group("regular", 0.26, 1.95, 3.4, 0.12, ("Skin Care", "Hair Care", "Kitchen", "Home Decor"),
          (0.4, 0.3, 0.15, 0.07, 0.08), 0.2, 0.1, 1.0, 0.0, 0.32),
    Group("deal_hunter", 0.18, 1.2, 3.4, 0.55, ("Womenswear", "Accessories", "Makeup"),
          (0.15, 0.25, 0.1, 0.05, 0.45), 0.2, 0.4, 1.25, 0.0, 0.34),
    Group("new", 0.11, 2.2, 2.7, 0.2, ("Makeup", "Womenswear", "Home Decor"),
          (0.1, 0.4, 0.4, 0.05, 0.05), 0.3, 0.4, 1.0, 0.0, 0.38),
    Group("one_time", 0.15, 0.0, 2.1, 0.3, ("Accessories", "Kitchen", "Womenswear"),
          (0.2, 0.35, 0.2, 0.05, 0.2), -0.4, -0.4, 1.0, 0.0, 0.2),
    Group("lapsed", 0.14, 2.0, 3.0, 0.15, ("Bedding", "Hair Care", "Home Decor"),
          (0.4, 0.25, 0.1, 0.05, 0.2), -0.7, -0.7, 1.2, 0.0, 0.14),
    Group("quiet_loyal", 0.08, 3.4, 3.2, 0.03, ("Bedding", "Kitchen", "Home Decor"),
          (0.15, 0.03, 0.02, 0.75, 0.05), -0.7, -3.0, 0.3, 0.4, 0.16),
)  # fmt: skip

NAMES = tuple(group.name for group in GROUPS)


def per_group(field: str) -> np.ndarray:
    """One number per group, in the order of GROUPS."""
    return np.array([getattr(group, field) for group in GROUPS], float)
