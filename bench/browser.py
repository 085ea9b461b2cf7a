"""What the pages promise in a browser, measured beside the least that Streamlit can do on the same machine.

    python bench/browser.py [--shop DIR] [--presses 26] [--visits 7] [--windows 25] [--seconds 60]

--shop takes a trained shop (it is copied) instead of building the demo shop. Both apps, Chromium and the simulated
windows share this machine, so compare the ratio, and read the load average beside every time.
"""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import streamlit
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from bench.floor.window import Window
from engine.campaign import planned
from engine.campaign.plan import Offer, Plan
from engine.decision import plans
from engine.shop import store
from tests.browser.conftest import App, chromium, chromium_path, running_app, wait_until_ready
from tests.browser.screenshots import PAGES, TABS, trained_shop

FLOOR = Path(__file__).parent / "floor" / "app.py"
FLOOR_TIMES, SWITCH_MS = 1.6, 300  # the promises
HIGHEST, WARM_UP = 33, 5  # per cent: above, the demo shop tried nothing and there is no number; presses not counted
MOST = 14  # presses after the warm-up: the slider of the share has 20 positions
ON_SLIDER = ("bench-0", "bench-1")  # the plans whose slider is pressed
HOURS = (12, 8, 10, 14, 16, 18, 20)  # tried in the demo shop; where nothing was tried there is no number
THINK_SECONDS = 2.0
PAUSE_MS = 150  # between a finished run and the next press
SLIDER, NUMBER = "input[type=range]", "[data-testid=stMetricValue]"
FLOOR_KEYS = {"slider": f".st-key-floor-percent {SLIDER}", "number": f".st-key-floor-box {NUMBER}"}
CARD = f".st-key-numbers-box_extra_profit {NUMBER}"
# The slider of the discount has the number of each of its sizes beside it, in the browser; the cards, and what hangs on
# another slider, come from the app.
DISCOUNT = ".st-key-numbers-size [data-testid=stBidiComponentIsolated]"
OUR_KEYS = {
    "discount, number beside it": {"slider": f"{DISCOUNT} input", "number": f"{DISCOUNT} >>> .number"},
    "discount, cards": {"slider": f"{DISCOUNT} input", "number": CARD},
    "share of audience, cards": {"slider": f".st-key-numbers-audience_share {SLIDER}", "number": CARD},
}

# In the page, so that the driver's own way to the browser is not in the time: from the event (when the browser got it)
# to the first change of the page after which `isDone` holds. Started before the event, read after it.
STOPWATCH = """
window.state = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
window.measure = (event, isDone) => {
  window.measured = new Promise((resolve) => addEventListener(event, (happened) => {
    const watch = new MutationObserver(() => {
      if (!isDone()) return;
      watch.disconnect();
      resolve(performance.now() - happened.timeStamp);
    });
    for (const root of [document.body, ...roots()])
      watch.observe(root, {subtree: true, childList: true, characterData: true, attributes: true,
                           attributeFilter: ["data-test-script-state", "data-page"]});
    setTimeout(() => { watch.disconnect(); resolve(null); }, 10000);
  }, {once: true, capture: true}));
};
window.roots = () => [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
  .flatMap((host) => host.shadowRoot ?? []);
window.untilNumber = (selector) => {
  const [outer, inner] = selector.split(" >>> ");
  const found = () => document.querySelector(outer);
  const text = () => (inner ? found()?.shadowRoot.querySelector(inner) : found())?.textContent;
  const before = text();
  measure("keydown", () => text() && text() !== before);
};
window.untilPage = (name, isDrawn) => {
  let ran = false;
  const all = (selector) => [...document.querySelectorAll(`[data-testid=stMain] ${selector}`)]
    .filter((found) => found.checkVisibility());  // not what lies in something closed
  const drawn = () => all("[data-testid=stSkeleton]").length === 0
    && all("[data-testid=stPlotlyChart]").every((chart) => chart.querySelector(".main-svg"))
    && all("[data-testid=stDataFrame]").every((table) => table.querySelector("canvas"));
  measure("click", () => {
    ran ||= state() === "running";
    return ran && state() === "notRunning" && document.querySelector(`#ready[data-page="${name}"]`)
      && all("h1").length > 0 && (!isDrawn || drawn());
  });
};
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--shop", type=Path)
    arguments.add_argument("--presses", type=int, default=MOST, help=f"a plan and way, at most {MOST}")
    arguments.add_argument("--visits", type=int, default=7)
    arguments.add_argument("--windows", type=int, default=25)
    arguments.add_argument("--seconds", type=float, default=60)
    chosen = arguments.parse_args()
    if chromium_path() is None:
        print("There is no Chromium on this machine: apt-get install chromium")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["OFFERLAB_CONFIG"] = str(folder / "config")
        shop = trained_shop(chosen.shop, folder / "shops" / "demo")
        save_plans(shop, chosen.windows)
        with running_app(shop, folder / "app.log") as app:
            with running_app(None, folder / "floor.log", script=FLOOR) as floor, chromium() as browser:
                print(f"{datetime.now():%Y-%m-%d %H:%M}, {platform.machine()}, {os.cpu_count()} processors, "
                      f"Python {platform.python_version()}, Streamlit {streamlit.__version__}, "
                      f"Chromium {browser.version}")  # fmt: skip
                print_load()
                slider(browser, floor, app, min(chosen.presses, MOST))
                print_load()
                switches(browser, app, chosen.visits)
            print_load()  # Chromium and the floor are gone now
            windows(app, chosen.windows, chosen.seconds)


def print_load() -> None:
    print(f"\nLoad average: {os.getloadavg()[0]:.1f}", flush=True)


def save_plans(shop: Path, count: int) -> None:
    """Two plans for the browser and one for each window: the largest group, 15 % off.

    Each is sent at an hour and to a share of its own, so that no window finds in the cache what another one asked.
    """
    opened, now = store.open_shop(shop), datetime.now(UTC)
    for number in range(len(ON_SLIDER) + count):
        plan = planned.new_plan(f"bench-{number}", f"Bench {number}", ["s1"], "Ana", now.date(), opened)
        offer = Offer(kind="percent", discount=0.15, code="BENCH15")
        changed = {
            "offer": offer,
            "send_hour": HOURS[number % len(HOURS)],
            "audience_share": 1 - number // len(HOURS) / 10,
        }
        plan = Plan.model_validate({**plan.model_dump(by_alias=True), **changed})
        plans.save(opened.path, plan, {}, None, now)


def quantile(values: list[float], share: float) -> float:
    return float(np.quantile(values, share)) if values else float("nan")


def verdict(is_met: bool) -> str:
    return "met" if is_met else "NOT met"


# --- slider to number ---


def slider(browser: Browser, floor: App, app: App, presses: int) -> None:
    """One press on the floor, one on ours, and so on; then the way back, over settings that were seen by then."""
    print("Slider to number, ms from key press to the number in the page")
    print(f"{'':44}{'presses':>9}{'floor p50':>11}{'p90':>6}{'ours p50':>10}{'p90':>6}{'ratio':>7}{'by pair':>9}")
    for name, keys in OUR_KEYS.items():
        taken: dict[str, list] = {"first time": [], "seen before": []}
        for plan in ON_SLIDER:
            least, ours = opened(browser, floor.url), opened(browser, f"{app.url}/plan?plan={plan}&tab=numbers")
            for page, its in ((least, FLOOR_KEYS), (ours, keys)):
                page.locator(its["number"].replace(">>> ", "")).wait_for()
                for key in ("Home", *(["ArrowRight"] * WARM_UP)):
                    press(page, its, key)
            for title, key in (("first time", "ArrowRight"), ("seen before", "ArrowLeft")):
                taken[title] += [(press(least, FLOOR_KEYS, key), press(ours, keys, key)) for _ in range(presses)]
            for page in (least, ours):
                page.context.close()
        for title, pairs in taken.items():
            print_pairs(f"{name}, {title}", pairs)


def print_pairs(title: str, pairs: list[tuple[float | None, float | None]]) -> None:
    """A line for presses of the floor and of ours that were made one after the other."""
    whole = [(a, b) for a, b in pairs if a and b]
    a, b = [pair[0] for pair in whole], [pair[1] for pair in whole]
    ratio, by_pair = quantile(b, 0.5) / quantile(a, 0.5), quantile([y / x for x, y in whole], 0.5)
    print(f"{title:44}{f'{len(whole)}/{len(pairs)}':>9}{quantile(a, 0.5):11.0f}{quantile(a, 0.9):6.0f}"
          f"{quantile(b, 0.5):10.0f}{quantile(b, 0.9):6.0f}{ratio:7.2f}{by_pair:9.2f}"
          f"   at most {FLOOR_TIMES}: {verdict(ratio <= FLOOR_TIMES)}", flush=True)  # fmt: skip


def opened(browser: Browser, url: str) -> Page:
    """A window of its own on an address, once its run is over."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.set_default_timeout(120_000)
    context.add_init_script(STOPWATCH)
    page = context.new_page()
    page.goto(url)
    wait_until_ready(page, seconds=120)
    return page


def press(page: Page, keys: dict[str, str], key: str) -> float | None:
    """Milliseconds from a key press on the slider to another number; None where it stayed the same."""
    handle = page.locator(keys["slider"])
    handle.focus()
    page.evaluate("selector => untilNumber(selector)", keys["number"])
    page.keyboard.press(key)
    took = page.evaluate("measured")
    wait_until_ready(page)
    page.wait_for_timeout(PAUSE_MS)
    return took


# --- page switch ---


def switches(browser: Browser, app: App, visits: int) -> None:
    """Every page of the navigation in turn, and the tabs of a plan; the first round is not counted."""
    page = opened(browser, app.url)
    listed = [name for name in PAGES if name != "shops"]  # that one is opened from the sidebar, not the navigation
    links = {name: f'[data-testid=stSidebarNavLink][href$="/{"" if name == "today" else name}"]' for name in listed}
    table("Page switch, ms from click", links, lambda name: visit(page, name, links[name]), visits)
    page.goto(f"{app.url}/plan?plan=bench-0")
    wait_until_ready(page, "plan")
    tabs = {f"plan, {name}": f".st-key-plan-tab button >> nth={number}" for number, name in enumerate(TABS)}
    first = tabs.pop("plan, brief")  # opened already: a click on it does nothing until another was opened
    tabs["plan, brief"] = first
    table("Tab of a plan, ms from click", tabs, lambda name: visit(page, "plan", tabs[name]), visits)
    page.context.close()


def table(title: str, targets: dict[str, str], go: Callable[[str], tuple[Any, Any]], visits: int) -> None:
    """One line a target: the end of the run, and everything drawn."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in targets}
    for number in range(visits + 1):
        for name in targets:
            run, drawn = go(name)
            if number and run and drawn:
                taken[name].append((run, drawn))
    print(f"{title:28}{'visits':>7}{'run over':>10}{'drawn p50':>11}{'p90':>6}   drawn at most {SWITCH_MS}")
    for name, times in taken.items():
        run, drawn = [first for first, _ in times], [second for _, second in times]
        middle = quantile(drawn, 0.5)
        counted = f"{len(times)}/{visits}"
        print(f"  {name:26}{counted:>7}{quantile(run, 0.5):10.0f}{middle:11.0f}{quantile(drawn, 0.9):6.0f}"
              f"   {verdict(middle <= SWITCH_MS)}")  # fmt: skip


def visit(page: Page, name: str, link: str) -> tuple[float | None, float | None]:
    """Milliseconds from a click to the end of the run, and until charts and tables are drawn too."""
    page.evaluate("name => { untilPage(name, false); over = measured; untilPage(name, true); }", name)
    page.locator(link).click()
    took = page.evaluate("Promise.all([over, measured])")
    page.wait_for_timeout(2 * PAUSE_MS)
    return took[0], took[1]


# --- many windows ---


def windows(app: App, count: int, seconds: float) -> None:
    """Everybody on the Numbers tab of a plan of their own, moving its slider every two seconds."""
    before = resident_mb(app.pid)
    everybody = asyncio.run(all_windows(app.url, count, seconds))
    first = [one.first_load for one in everybody if one.first_load]
    number, finished = [t for one in everybody for t in one.to_number], [t for one in everybody for t in one.to_end]
    errors = [error for one in everybody for error in one.errors]
    print(
        f"{count} windows for {seconds:.0f} s, {THINK_SECONDS:.0f} s between two moves, each window a plan of its own"
    )
    for title, taken in (("first load", first), ("move to number", number), ("move to end of run", finished)):
        print(f"  {title:20}{len(taken):6} times, server p50 {1000 * quantile(taken, 0.5):5.0f} ms, "
              f"p95 {1000 * quantile(taken, 0.95):5.0f} ms")  # fmt: skip
    print(f"  memory {before:.0f} MB before, {resident_mb(app.pid):.0f} MB after")
    print(f"  {len(errors)} errors; 0 errors: {verdict(not errors and bool(finished))}")
    for error in sorted(set(errors))[:5]:
        print(f"    {errors.count(error)} x {error}")


async def all_windows(url: str, count: int, seconds: float) -> list[Window]:
    """Windows that open within the first two seconds and stay until the time is over."""
    end = time.monotonic() + seconds
    everybody = [Window(url, f"bench-{len(ON_SLIDER) + number}", number) for number in range(count)]
    await asyncio.gather(*(window.live(end, THINK_SECONDS, (1, HIGHEST)) for window in everybody))
    return everybody


def resident_mb(pid: int) -> float:
    """Memory of a process in MB, as Linux tells it; nan elsewhere."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), float("nan"))


if __name__ == "__main__":
    main()
