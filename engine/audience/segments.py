"""Groups of customers: K-Means on scaled, log-transformed recency, frequency, monetary and behaviour.

K-Means minimises the summed squared distance of each customer to the centre it is assigned to (Lloyd 1982).
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.cluster import DBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from engine.audience import lifecycle
from engine.errors import DataProblem, NotEnoughData, StoreProblem
from engine.shop import store
from engine.shop.features import customers, default_as_of, features
from engine.shop.store import Shop

Method = Literal["kmeans", "dbscan", "lifecycle"]
MIN_CUSTOMERS = 50
FIT_SAMPLE = 100_000  # 10 starts on a sample, then assign all: same inertia as on all rows, a seventh of the time
SILHOUETTE_SAMPLE = 5_000  # silhouette on all pairs would take hours; its sd on 5,000 rows is 0.002
K_RANGE = range(2, 11)
# Log1p before scaling: raw money and counts let a few big spenders take a cluster each.
LOGGED = ("recency_days", "frequency", "monetary", "aov", "orders_90d", "gap_days", "views_30d")
SHARES = ("discount_share", "return_share", "click_rate")
_LIFECYCLE = {
    "vip": "VIP", "new": "New", "one-time": "One-time", "active": "Active", "slipping": "Slipping", "lapsed": "Lapsed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """How the groups were found. `curve` holds one entry per k tried: k, inertia, silhouette, stability."""

    method: str
    k: int
    why: str
    as_of: str
    seed: int
    customers: int
    without_orders: int
    sizes: dict[str, int]
    silhouette: float | None
    stability: float | None  # adjusted Rand index of a second fit on a bootstrap sample; 1 = same groups
    curve: list[dict]
    map_variance: float  # share of the variance that the two axes of the map show
    shop_version: str


@dataclass(frozen=True, slots=True)
class Segmentation:
    """labels: customer_id, segment_id, segment_name (every customer once). profiles: one row per group.
    points: x, y, segment_id of up to 3,000 customers."""

    labels: pd.DataFrame
    profiles: pd.DataFrame
    points: pd.DataFrame
    summary: Summary


def fit(
    shop: Shop, k: int | Literal["auto"] = "auto", method: Method = "kmeans", as_of: date | None = None, seed: int = 0
) -> Segmentation:
    """Groups of the shop's customers. Same data and seed give the same labels; ids s1..sk go by size.

    Customers without an order before `as_of` form a group of their own and take no part in the fit.
    Raises NotEnoughData with fewer than MIN_CUSTOMERS customers who ordered.
    """
    if not shop.rows("orders"):
        raise NotEnoughData("Groups need orders, and this shop has none yet. Import a file of orders.")
    as_of = as_of or default_as_of(shop)
    ids = customers(shop)
    known = features(shop, pd.DataFrame({"customer_id": ids, "as_of": pd.Timestamp(as_of)})).set_index("customer_id")
    if {"sent", "clicked"} <= set(known) and (known["clicked"] > 0).any():
        # Drawn towards 5 %: one click of one message is no 100 %.
        known["click_rate"] = (known["clicked"] + 1) / (known["sent"] + 20)
    ordered = known[known["frequency"] > 0]
    if len(ordered) < MIN_CUSTOMERS:
        raise NotEnoughData(
            f"Groups need at least {MIN_CUSTOMERS} customers with an order; this shop has {len(ordered)}."
        )
    matrix = _matrix(ordered)
    with threadpool_limits(1):  # on two busy cores OpenMP threads wait for each other: 33 s with two, 6 s with one
        groups, facts = _grouped(matrix, ordered, k, method, seed)
    return _assembled(shop, known, ordered, matrix, groups, facts | {"method": method, "as_of": as_of, "seed": seed})


def _matrix(ordered: pd.DataFrame) -> np.ndarray:
    """(customers, features): log1p or share, missing as the median, standardised."""
    columns = [c for c in LOGGED + SHARES if c in ordered and ordered[c].nunique() > 1]
    values = ordered[columns].astype("float64")
    values = values.fillna(values.median()).fillna(0.0)
    logged = [c for c in columns if c in LOGGED]
    values[logged] = np.log1p(values[logged].clip(lower=0))
    return StandardScaler().fit_transform(values)


def _grouped(
    matrix: np.ndarray, ordered: pd.DataFrame, k: int | str, method: Method, seed: int
) -> tuple[np.ndarray, dict]:
    if method == "lifecycle":
        return lifecycle.of(ordered).map(_LIFECYCLE).to_numpy(), {
            "why": "groups by rule: last order, number of orders and spend",
            "curve": [],
        }
    if method == "dbscan":
        return _dbscan(matrix, seed)
    curve = _curve(matrix, seed) if k == "auto" else []
    chosen, why = _choose(curve) if k == "auto" else (int(k), f"{k} groups, as asked")
    if not 2 <= chosen <= min(50, len(matrix) // 10):
        raise NotEnoughData(
            f"{len(matrix)} customers can be cut into 2 to {min(50, len(matrix) // 10)} groups; asked for: {chosen}."
        )
    groups = _kmeans(matrix, chosen, seed)
    return groups, {"why": why, "curve": curve, "stability": _stability(matrix, chosen, groups, seed)}


def _kmeans(matrix: np.ndarray, k: int, seed: int) -> np.ndarray:
    sample = _sample(matrix, FIT_SAMPLE, seed)
    return KMeans(k, n_init=10, random_state=seed).fit(sample).predict(matrix)


def _sample(matrix: np.ndarray, size: int, seed: int) -> np.ndarray:
    if len(matrix) <= size:
        return matrix
    return matrix[np.random.default_rng(seed).choice(len(matrix), size, replace=False)]


def _curve(matrix: np.ndarray, seed: int) -> list[dict]:
    """Inertia, silhouette and stability for each k tried."""
    sample, rows = _sample(matrix, FIT_SAMPLE, seed), []
    judged = _sample(matrix, SILHOUETTE_SAMPLE, seed)
    for k in (k for k in K_RANGE if k <= len(matrix) // 10):
        model = KMeans(k, n_init=10, random_state=seed).fit(sample)
        rows.append(
            {
                "k": k,
                "inertia": float(model.inertia_),
                "silhouette": float(silhouette_score(judged, model.predict(judged))),
                "stability": _stability(matrix, k, model.predict(matrix), seed),
            }
        )
    return rows


def _choose(curve: list[dict]) -> tuple[int, str]:
    """The k with the best silhouette among those of 3 or more that come out the same on a resample.

    Two groups (active, asleep) nearly always score best and tell a marketer nothing new.
    """
    usable = (
        [row for row in curve if row["k"] >= 3 and row["stability"] >= 0.8]
        or [row for row in curve if row["k"] >= 3]
        or curve
    )
    best = max(usable, key=lambda row: row["silhouette"])
    return best["k"], (
        f"{best['k']} groups separate best (silhouette {best['silhouette']:.2f}) among 3 to {curve[-1]['k']} "
        f"that come out alike on a resample (agreement {best['stability']:.2f} of 1)"
    )


def _stability(matrix: np.ndarray, k: int, groups: np.ndarray, seed: int) -> float:
    """Adjusted Rand index between `groups` and a fit on a bootstrap sample (Hubert and Arabie 1985)."""
    drawn = np.random.default_rng(seed + 1).integers(0, len(matrix), min(len(matrix), 20_000))
    again = KMeans(k, n_init=3, random_state=seed + 1).fit(matrix[drawn]).predict(matrix)
    return float(adjusted_rand_score(groups, again))


def _dbscan(matrix: np.ndarray, seed: int) -> tuple[np.ndarray, dict]:
    """Density groups; radius at the 95th percentile of the distance to the 10th neighbour. Noise is its own group."""
    reduced = PCA(n_components=min(3, matrix.shape[1]), random_state=seed).fit_transform(matrix)
    neighbours = 10
    distances, _ = NearestNeighbors(n_neighbors=neighbours).fit(reduced).kneighbors(reduced)
    radius = float(np.quantile(distances[:, -1], 0.95))
    groups = DBSCAN(eps=radius, min_samples=neighbours).fit_predict(reduced)
    return groups, {"why": f"density groups within radius {radius:.2f}; group -1 lies between them", "curve": []}


def _assembled(
    shop: Shop, known: pd.DataFrame, ordered: pd.DataFrame, matrix: np.ndarray, groups: np.ndarray, facts: dict
) -> Segmentation:
    raw = pd.Series(groups, index=ordered.index)
    by_size = raw.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index
    ids = {group: f"s{number}" for number, group in enumerate(by_size, start=1)}
    segment = raw.map(ids)
    if (quiet := len(known) - len(ordered)) > 0:
        segment = segment.reindex(known.index).fillna(f"s{len(ids) + 1}")
    profiles = profile(shop, known, segment)
    named = {ids[group]: str(group) for group in ids} if facts["method"] == "lifecycle" else None
    names = _names(profiles, named)
    profiles["segment_name"] = profiles["segment_id"].map(names)
    labels = pd.DataFrame(
        {"customer_id": segment.index, "segment_id": segment.to_numpy(), "segment_name": segment.map(names).to_numpy()}
    )
    points, variance = _map(matrix, segment.reindex(ordered.index), facts["seed"])
    several = len(set(groups)) > 1
    judged = _sample(np.c_[matrix, pd.factorize(raw)[0]], SILHOUETTE_SAMPLE, facts["seed"])
    summary = Summary(
        method=facts["method"],
        k=len(profiles),
        why=facts["why"],
        as_of=str(facts["as_of"]),
        seed=facts["seed"],
        customers=len(labels),
        without_orders=quiet,
        sizes={str(row.segment_id): int(row.customers) for row in profiles.itertuples()},
        silhouette=float(silhouette_score(judged[:, :-1], judged[:, -1])) if several else None,
        stability=facts.get("stability"),
        curve=facts["curve"],
        map_variance=variance,
        shop_version=shop.version,
    )
    return Segmentation(labels, profiles, points, summary)


def profile(shop: Shop, known: pd.DataFrame, segment: pd.Series) -> pd.DataFrame:
    """One row per group: customers, share, mean RFM, aov (revenue / orders), discount share, top categories."""
    table = known.assign(segment_id=segment)
    grouped = table.groupby("segment_id")
    profiles = pd.DataFrame(
        {
            "customers": grouped.size(),
            "share": grouped.size() / len(table),
            "recency_days": grouped["recency_days"].mean(),
            "frequency": grouped["frequency"].mean(),
            "monetary": grouped["monetary"].mean(),
            "aov": grouped["monetary"].sum() / grouped["frequency"].sum().replace(0, np.nan),
            "revenue_share": grouped["monetary"].sum() / table["monetary"].sum(),
            "discount_share": grouped["discount_share"].mean(),
            "tenure_days": grouped["tenure_days"].mean(),
        }
    )
    if "click_rate" in table:
        profiles["click_rate"] = grouped["clicked"].sum() / grouped["sent"].sum().replace(0, np.nan)
    profiles["top_categories"] = _top_categories(shop, segment).reindex(profiles.index).fillna("")
    order = profiles.index.str[1:].astype(int).argsort()
    return profiles.iloc[order].reset_index()


def _top_categories(shop: Shop, segment: pd.Series, count: int = 3) -> pd.Series:
    """The categories with the largest net spend, per group."""
    products = shop.optional("products")
    if "category" not in products or products.empty:
        return pd.Series(dtype="str")
    lines = shop.table("orders")
    lines["net"] = lines["quantity"] * lines["unit_price"] - (lines["discount"].fillna(0) if "discount" in lines else 0)
    lines["category"] = lines["product_id"].map(products.set_index("product_id")["category"])
    lines["segment_id"] = lines["customer_id"].map(segment)
    spend = lines.groupby(["segment_id", "category"])["net"].sum().reset_index().sort_values("net", ascending=False)
    return spend.groupby("segment_id")["category"].agg(lambda names: ", ".join(names.head(count)))


# What sets a group apart, in a marketer's words: (column, word where high, word where low).
_TRAITS = (
    ("recency_days", "long away", "recent"),
    ("monetary", "big spenders", "small spenders"),
    ("frequency", "frequent", "one or few orders"),
    ("discount_share", "discount hunters", "full price"),
    ("tenure_days", "long-standing", "new"),
    ("aov", "large baskets", "small baskets"),
    ("click_rate", "keen clickers", "rarely click"),
)


def _names(profiles: pd.DataFrame, fixed: dict[str, str] | None) -> dict[str, str]:
    """A plain name per group: its two traits furthest from the average of all customers, made unique."""
    if fixed is None:
        fixed = {}
    buyers = profiles[profiles["frequency"] > 0]
    names: dict[str, str] = {}
    for row in profiles.itertuples():
        if row.segment_id in fixed:
            names[row.segment_id] = fixed[row.segment_id]
        elif not row.frequency:
            names[row.segment_id] = "No order yet"
        elif len(buyers) == 1:
            names[row.segment_id] = "All customers"  # nothing to be set apart from
        else:
            names[row.segment_id] = _name(row, buyers, set(names.values()))
    return names


def _name(row: Any, buyers: pd.DataFrame, taken: set[str]) -> str:
    distances = []
    for column, high, low in _TRAITS:
        if column not in buyers or not np.isfinite(getattr(row, column)):
            continue
        spread = buyers[column].std(ddof=0)
        middle = np.average(buyers[column].fillna(buyers[column].mean()), weights=buyers["customers"])
        distance = (getattr(row, column) - middle) / spread if spread > 0 else 0.0
        distances.append((abs(distance), high if distance > 0 else low))
    words = [word for _, word in sorted(distances, reverse=True)]
    for length in range(2, len(words) + 1):
        name = ", ".join(words[:length]).capitalize()
        if name not in taken:
            return name
    return f"{words[0].capitalize()} ({row.segment_id})"


def _map(matrix: np.ndarray, segment: pd.Series, seed: int) -> tuple[pd.DataFrame, float]:
    """The first two principal components of up to 3,000 customers, and the share of variance they show."""
    pca = PCA(n_components=2, random_state=seed).fit(matrix)
    # A component's sign is arbitrary; fixing it keeps the map the same way round on every machine.
    signs = np.sign(pca.components_[np.arange(2), np.abs(pca.components_).argmax(axis=1)])
    places = pca.transform(matrix) * signs
    chosen = np.sort(np.random.default_rng(seed).permutation(len(matrix))[:3000])
    points = pd.DataFrame({"x": places[chosen, 0], "y": places[chosen, 1], "segment_id": segment.to_numpy()[chosen]})
    return points, float(pca.explained_variance_ratio_.sum())


def save(shop: Shop, segmentation: Segmentation) -> None:
    """Make this the shop's current segmentation."""
    with store.writing(shop.path):
        folder = shop.path / "segments"
        for name in ("labels", "profiles", "points"):
            store.replace_file(folder / f"{name}.parquet", getattr(segmentation, name).to_parquet(index=False))
        # Last: a reader takes the summary's presence as "complete".
        store.replace_file(folder / "summary.json", json.dumps(asdict(segmentation.summary), indent=1).encode())


def current(shop: Shop) -> Segmentation:
    """The segmentation last saved. Raises NotEnoughData where there is none."""
    folder = shop.path / "segments"
    if not (folder / "summary.json").exists():
        raise NotEnoughData("This shop has no groups yet. Open Customers, or run: python -m engine segments --out FILE")
    try:
        labels, profiles, points = (
            pd.read_parquet(folder / f"{name}.parquet") for name in ("labels", "profiles", "points")
        )
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        return Segmentation(labels, profiles, points, Summary(**summary))
    except (OSError, ValueError, TypeError) as error:
        raise StoreProblem(f"The saved groups in {folder} cannot be read ({error}). Make them again.") from error


def members(shop: Shop, segment_ids: list[str]) -> list[str]:
    """Customers of these groups of the current segmentation. Raises DataProblem for an unknown one."""
    labels = current(shop).labels
    unknown = set(segment_ids) - set(labels["segment_id"])
    if unknown:
        raise DataProblem(
            f"There is no group {', '.join(sorted(unknown))}; "
            f"groups are {', '.join(sorted(labels['segment_id'].unique()))}."
        )
    return list(labels.loc[labels["segment_id"].isin(segment_ids), "customer_id"])
