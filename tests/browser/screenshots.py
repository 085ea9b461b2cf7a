"""Takes a picture of every page from a running app into assets/screenshots/, light and 1280 wide.

    PYTHONPATH=. python tests/browser/screenshots.py [--shop DIR] [--also FOLDER]

--shop takes a trained shop (it is copied) instead of building the demo shop. --also writes the same pages dark, in
Chinese and as wide as a phone into FOLDER, to be looked at and not to be kept.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from engine.audience import segments
from engine.campaign import planned, response, starting
from engine.campaign.plan import Offer, Plan
from engine.decision import plans
from engine.shop import store
from engine.shop.store import Shop
from tests.browser.conftest import chromium, running_app, wait_until_ready
from tests.browser.test_campaign_page import TEXTS
from tests.browser.test_journey import field, open_tab, type_in

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "assets" / "screenshots"
PAGES = (
    "today",
    "customers",
    "plans",
    "calendar",
    "results",
    "data",
    "shops",
    "launch",
    "model",
    "features",
    "another",
    "next_split",
    "experiments",
    "history",
    "people",
    "settings",
)
TABS = ("brief", "copy", "numbers", "approve", "export", "result")
WIDTH, HIGHEST = 1280, 2400
WAIT = 180_000  # milliseconds; the language model and the first forecast take their time
PLAN, BEGUN, SEVERAL = "spring-skin-care", "win-back", "two-messages"  # done, filled from the shop's data, several
VIEWS = ("best", "argue", "compare", "who", "why", "worked", "all")  # of Numbers, beside the curves it opens with
LOOKS = ("compared", "lessons", "origin")  # of Model, beside how good the forecast is


def main() -> None:
    """Builds the shop, does the job once, and takes the pictures."""
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--shop", type=Path)
    wanted.add_argument("--also", type=Path)
    asked = wanted.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OFFERLAB_CONFIG"] = str(Path(folder) / "config")
        shop = trained_shop(asked.shop, Path(folder) / "shops" / "demo")
        some_plans(store.open_shop(shop))
        with running_app(shop, Path(folder) / "app.log") as app, chromium() as browser:
            do_the_job(browser, app.url)
            take(browser, app.url, KEPT)
            if asked.also:
                take(browser, app.url, asked.also / "dark", color_scheme="dark")
                take(browser, app.url, asked.also / "zh", locale="zh-CN")
                take(browser, app.url, asked.also / "phone", viewport={"width": 390, "height": 844})


def trained_shop(given: Path | None, folder: Path) -> Path:
    """A shop of this script's own, with groups and forecasts learned."""
    if given:
        return Path(shutil.copytree(given, folder))
    out = str(folder.with_name("segments.csv"))
    for command in (["sample", "demo", "--into"], ["segments", "--out", out, "--shop"], ["train", "--shop"]):
        subprocess.run(
            [sys.executable, "-m", "engine", *command, str(folder)], cwd=ROOT, check=True, capture_output=True
        )
    return folder


def some_plans(shop: Shop) -> None:
    """A plan to do the job with, and two others for the list."""
    profiles = segments.current(shop).profiles
    keen = profiles.loc[profiles["discount_share"].idxmax(), "segment_id"]
    now = datetime.now(UTC)

    def save(plan_id: str, name: str, owner: str, group: str, **changes: object) -> None:
        plan: Plan = planned.new_plan(plan_id, name, [group], owner, now.date(), shop)
        plans.save(shop.path, Plan.model_validate({**plan.model_dump(by_alias=True), **changes}), {}, None, now)

    gift = shop.table("products")["product_id"].iloc[0]
    save("second-order", "Second order", "Bo", "s2", objective="second_purchase", offer=Offer(kind="free_shipping"))
    save("thank-you", "Thank you", "Ana", "s1", objective="vip", offer=Offer(kind="gift", gift_product_id=gift))
    offer = Offer(kind="percent", discount=0.1, code="SPRING10")
    save(PLAN, "Spring skin care", "Ana", keen, category="Skin Care", offer=offer)
    begun = starting.propose(shop, "win_back", BEGUN, "Win back", "Ana", now.date(), response.load(shop))
    reasons = [{"key": reason.key, "values": reason.values} for reason in begun.reasons]
    plans.save(shop.path, begun.plan, {"reasons": reasons}, None, now)
    several(shop, "s3", now)  # customers whom no other plan here takes


def several(shop: Shop, group: str, now: datetime) -> None:
    """A plan with a second message, to those who did not buy after the first."""
    plan = planned.new_plan(SEVERAL, "Two messages", [group], "Bo", now.date(), shop)
    later = plan.steps[0].model_copy(update={"day": 4, "condition": "stop_if_bought"})
    steps = [planned.with_texts(plan, TEXTS, 0).steps[0], later]
    plans.save(shop.path, plan.model_copy(update={"steps": steps}), {"chosen": "own"}, None, now)


def do_the_job(browser: Browser, url: str) -> None:
    """Draft, choose, submit, approve: so that no page is empty."""
    page = browser.new_context(viewport={"width": WIDTH, "height": 900}).new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"{url}/plan?plan={PLAN}&tab=numbers")  # its verdict is then in the list
    expect(field(page, "numbers.box_orders")).to_be_visible(timeout=WAIT)
    page.goto(f"{url}/plan?plan={PLAN}&tab=copy")
    field(page, "copy.draft").get_by_role("button").click()
    field(page, "copy.choose_0").get_by_role("button").click()
    open_tab(page, "Approve")
    field(page, "approve.submit").get_by_role("button").click()
    type_in(page, "approve.approver", "Bo")
    type_in(page, "approve.reason", "fits the spring range")
    answer = {"name": "answer.txt", "mimeType": "text/plain", "buffer": b"Yes, send it. Bo"}
    field(page, "approve.evidence").locator("input[type=file]").set_input_files(answer)
    expect(page.get_by_text("answer.txt")).to_be_visible()
    page.wait_for_timeout(1_000)  # its name is there before it has arrived, and its arrival is a run of its own
    wait_until_ready(page)
    field(page, "approve.approve").get_by_role("button").click()
    expect(page.get_by_text("approved by Bo")).to_be_visible(timeout=WAIT)
    page.context.close()


def take(browser: Browser, url: str, folder: Path, **how: object) -> None:
    """A picture of each page, as high as the page is."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"viewport": {"width": WIDTH, "height": 900}, "locale": "en-US", "color_scheme": "light", **how}
    context = browser.new_context(**settings)
    page = context.new_page()
    page.set_default_timeout(WAIT)
    addresses = {name: "/" if name == "today" else f"/{name}" for name in PAGES}
    addresses |= {f"plan-{tab}": f"/plan?plan={PLAN}&tab={tab}" for tab in TABS}
    addresses |= {f"plan-numbers-{view}": f"/plan?plan={PLAN}&tab=numbers&view={view}" for view in VIEWS}
    addresses |= {f"model-{look}": f"/model?look={look}" for look in LOOKS}
    addresses |= {"plan-begun": f"/plan?plan={BEGUN}&tab=brief"}
    addresses |= {f"plan-several-{tab}": f"/plan?plan={SEVERAL}&tab={tab}" for tab in ("brief", "copy")}
    for name, address in addresses.items():
        page.set_viewport_size(settings["viewport"])
        page.goto(url + address)
        wait_until_ready(page, seconds=WAIT / 1000)
        picture(page, folder / f"{name}.png")
        print(folder / f"{name}.png", flush=True)
    context.close()


def picture(page: Page, path: Path) -> None:
    """The whole page: its middle part scrolls by itself, so the window is made as high as that."""
    page.wait_for_timeout(1500)  # charts draw after the run is over
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": min(int(height), HIGHEST)})
    page.wait_for_timeout(500)
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
