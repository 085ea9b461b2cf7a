"""Which buttons each role can press, page by page in a real browser; the rights behind them are tests/access/'s."""

import contextlib
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from engine.access import accounts, roles
from engine.access.roles import Action
from engine.audience import saved
from engine.campaign.plan import Audience, FirstTest, Offer, Plan, Step
from engine.decision import approvals, codes, conclusions, export, plans
from engine.shop import incoming, store, vault
from tests.browser.conftest import App, running_app, wait_until_ready
from tests.browser.test_access_in_browser import NOW, PEOPLE, WAIT, password
from tests.browser.test_journey import field
from tests.conftest import engine
from tests.dashboard.plan_pages import COPY, clicks

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.timeout(3600)]

FILLED = {"subject": "A note", "body": "Enter SPRING15 at checkout and get 15% off."}
ORDERS = b"order_id,customer_id,ordered_at,product_id,quantity,unit_price\no1,c1,2026-01-01,p1,1,2\n"

# Every button that writes, as the page's class names it (its key, with - for what a class cannot hold).
BUTTONS: dict[str, Action] = {
    "common-learn": "draft", "common-make-*": "import", "shops-make": "import",
    "data-look": "import", "data-read_table": "import", "data-import": "import", "data-not_now": "draft",
    "data-leave_out-*": "import", "data-use-*": "import", "quality-keep": "draft",
    "customers-again": "draft", "customers-use": "draft", "customers-start": "draft",
    "plans-begin-*": "draft", "plans-repeat": "draft", "plans-start": "draft", "plans-duplicate-*": "draft",
    "plan-undo": "draft", "plan-restore_*": "draft",
    "brief-rule-add": "draft", "brief-rule-add_group": "draft", "brief-exclude_rule-add": "draft",
    "brief-rule-*-remove": "draft", "brief-add_message": "draft", "brief-message_remove_*": "draft",
    "audience-use": "draft", "audience-delete": "draft", "audience-save": "draft",
    "copy-draft": "draft", "copy-again_*": "draft", "copy-like": "draft", "copy-write_both": "draft",
    "copy-bring_back_*": "draft", "numbers-use": "draft",
    "launch-save": "draft", "launch-plan": "draft",
    "approve-submit": "submit", "approve-approve": "approve", "approve-reject": "reject",
    "comments-request": "reject", "model-use_now-*": "submit",
    "conclude-save": "submit", "conclude-next": "draft", "winner-decide": "export", "export-stage-*": "export",
    "export-recipients_csv": "export", "export-plans_csv": "export", "export-html-*": "export",
    "export-audience_csv": "export", "export-target-*": "export",
    "codes-load": "export", "codes-make_now": "export", "codes-withdraw": "export", "codes-download": "export",
    "history-back_up": "draft", "history-restore": "administer",
    "people-merge": "administer", "people-erase": "administer",
    "next_split-confirm": "submit",
    "settings-save_*": "administer", "settings-*-confirm": "administer", "settings-fetch-*": "administer",
    "settings-hub_fetch": "administer",
    "access-add": "administer", "access-change-*": "administer", "access-end-*": "administer",
}  # fmt: skip
# Of these, what is not even there for who may not: what stands beside it was read from the vault.
HIDDEN = ("people-erase", "export-target-*")
# Buttons that everybody may press: they lead somewhere, look at something, or put a form back.
LOOKS = (
    "door-sign_out", "app-bell", "today-*", "plans-open-*", "plans-filter", "plan-next", "plan-versions",
    "audience-saved_open", "comments-send", "pack-*", "replayed-*", "evidence-*", "export-to_approve",
    "winner-to_export", "setup-*",
    "paste-*", "history-verify", "history-download", "calendar-*", "results-*", "features-*", "data-*_csv",
    "experiments-*",
    "argue-*", "best-*", "split-find", "launch-ask", "launch-csv", "replies-*", "settings-examine", "settings-back_*",
    "settings-*-usual", "shops-open-*", "common-open-*", "numbers-reset", "model-*_csv", "quality-*",
    "another-*", "next_split-download",
)  # fmt: skip
PAGES = ["today", "customers", "plans", "calendar", "results", "data", "model", "features", "experiments", "another",
         "next_split", "history", "people", "settings"]  # fmt: skip


def plan(plan_id: str, **changes: object) -> Plan:
    made = Plan(
        plan_id=plan_id, name=plan_id, owner="mia", audience=Audience(rule="orders >= 2"),
        offer=Offer(kind="percent", discount=0.15, code="SPRING15"), steps=[Step(copy=COPY)],
        starts_at=date(2026, 6, 8), ends_at=date(2026, 6, 15),
    )  # fmt: skip
    return made.model_copy(update=changes)


@pytest.fixture(scope="module")
def folder(trained_shop_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with something on every page, one without uploads, one without answers; and four accounts."""
    folder = tmp_path_factory.mktemp("roles-in-browser")
    config, path = folder / "config", folder / "shops" / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFERLAB_CONFIG", str(config))
        shutil.copytree(trained_shop_dir, path)
        shutil.copytree(trained_shop_dir, folder / "shops" / "second")
        engine("train", "--as-of", "2026-05-01", "--shop", str(path))  # a second kept model
        shop = store.open_shop(path)
        _plans(shop, config)
        third = store.create_shop(folder / "shops" / "third", {"name": "Third"})
        (third.path / "tables").mkdir(exist_ok=True)
        said = (third.path / "shop.toml").read_text("utf-8")
        (third.path / "shop.toml").write_text(said.replace("assumed = [", 'assumed = ["return_rate", '), "utf-8")
        os.utime(folder / "shops" / "second" / "tables" / "orders.parquet")  # newer than the groups
        saved.save(shop, "regulars", "orders >= 3", NOW, "mia")
        incoming.stage(path, [("orders.csv", ORDERS)])
        ids = list(shop.table("customers", ["customer_id"])["customer_id"][:2])
        twice = {"customer_id": ids, "email": ["ana@example.com"] * 2, "phone": [None, None]}
        vault.add(path, shop.shop_id, config, pd.DataFrame(twice))
        for name in ("ada", "mia", "bo", "vera"):
            accounts.add(config, name, password(name), PEOPLE[name], NOW)
    return folder


def _plans(shop: store.Shop, config: Path) -> None:
    """A draft that was changed, one that waits for a second person, two approved ones (one with codes), one that was
    sent and concluded, and one whose test was sent and clicked."""
    own = Offer(kind="percent", discount=0.15, personal_codes=True)
    tested = {
        "variants": ["A", "B"], "test": FirstTest(share=0.5, wait_hours=12, metric="clicks"),
        "audience": Audience(rule="orders = 1"), "starts_at": date(2026, 6, 1),
    }  # fmt: skip
    others: dict[str, dict[str, object]] = {"coded": {"offer": own}, "tried": tested}
    for plan_id in ("draft", "waiting", "passed", "coded", "sent", "tried"):
        made = plan(plan_id, **others.get(plan_id, {}))
        plans.save(shop.path, made, {}, None, NOW)
        if plan_id == "draft":
            steps = [Step(copy=COPY | {"subject": "Another note"}), Step(copy=COPY, day=3)]
            plans.save(shop.path, plan("draft", steps=steps), {"chosen": "own"}, 1, NOW)
            continue
        filled = {"filled": FILLED if plan_id != "coded" else {"subject": "A note", "body": "Your code is yours."}}
        approvals.submit(shop.path, shop.shop_id, made, {}, "mia", NOW, config, extras=filled)
        if plan_id != "waiting":
            approvals.approve(shop.path, shop.shop_id, plan_id, "bo", "bo", "fits", NOW, config)
    codes.make(shop.path, "coded", 5, "mia", NOW, config)
    where = (shop.path, shop.shop_id)
    for plan_id in ("sent", "tried"):
        export.export_plans(
            *where, None, lambda one: export.audience(shop, one), NOW, config, plan_ids=[plan_id], person="mia"
        )
    clicks(shop.path, plan_id="tried")
    conclusions.conclude(*where, "sent", "again", "mia", "mia", "too few", NOW, config, measured={})


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[App]:
    own = {"OFFERLAB_CONFIG": str(folder / "config"), "OFFERLAB_CACHE": str(folder / "cache"), "OFFERLAB_MODEL": "none"}
    with running_app(folder / "shops" / "demo", folder / "app.log", own) as running:
        yield running


@pytest.fixture
def enter(app: App, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """enter(name): the first page as somebody sees it who signed in, in a browser of their own."""
    opened = []

    def enter_as(name: str) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
        opened.append(context)
        context.set_default_timeout(WAIT)
        expect.set_options(timeout=WAIT)
        page = context.new_page()
        page.goto(app.url)
        page.fill("[name=name]", name)
        page.fill("[name=password]", password(name))
        page.click("button")
        wait_until_ready(page)
        return page

    yield enter_as
    for context in opened:
        context.close()


# --- one look at each page, with what its buttons need ---


def type_in(page: Page, key: str, text: str) -> None:
    box = field(page, key).locator("input, textarea").first
    box.fill(text)
    box.press("Tab")
    wait_until_ready(page)


def upload(key: str) -> Callable[[Page], None]:
    """A file in a field for files."""

    def give(page: Page) -> None:
        files = {"name": "orders.csv", "mimeType": "text/csv", "buffer": ORDERS}
        field(page, key).locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
        expect(field(page, key).get_by_text("orders.csv")).to_be_visible()

    return give


def people(page: Page) -> None:
    page.get_by_test_id("stCheckbox").locator("label").first.click()
    expect(field(page, "people.merge")).to_be_visible()
    if not field(page, "people.who").count():
        return  # only an admin is told whose an address is
    for key in ("people.who", "people.again"):
        type_in(page, key, "ana@example.com")


def passwords(page: Page) -> None:
    page.get_by_role("button", name="Change the password").first.click()


def another_sender(page: Page) -> None:
    type_in(page, "settings.sender_name", "Somebody else")


def new_product(page: Page) -> None:
    field(page, "launch.name").locator("input").fill("Rose Tea")
    category = field(page, "launch.category").locator("input").first
    category.click()
    page.get_by_role("option").first.click()
    field(page, "launch.price").locator("input").fill("20")
    field(page, "launch.ask").get_by_role("button").click()
    expect(field(page, "launch.save")).to_be_visible()


def a_reason(page: Page) -> None:
    type_in(page, "next_split.reason", "as proposed")


def opened(key: str) -> Callable[[Page], None]:
    """Opens the window behind a button."""

    def open_(page: Page) -> None:
        field(page, key).get_by_role("button").first.click()
        wait_until_ready(page)

    return open_


def nothing(page: Page) -> None:
    """A page whose buttons need nothing."""


LOOKED_AT: list[tuple[str, Callable[[Page], None]]] = [
    ("/today", nothing),
    ("/customers?groups=own&k=3", nothing),
    ("/customers?pick=s2", nothing),
    ("/customers?shop=second", nothing),
    ("/plans", nothing),
    ("/plan?plan=draft&tab=brief", opened("plan.versions")),
    ("/plan?plan=draft&tab=brief#saved", opened("audience.saved_open")),
    ("/plan?plan=draft&tab=copy", nothing),
    ("/plan?plan=draft&tab=numbers&try=percent:20", nothing),
    ("/plan?plan=draft&tab=approve", nothing),
    ("/plan?plan=waiting&tab=approve", nothing),
    ("/plan?plan=passed&tab=export", nothing),
    ("/plan?plan=coded&tab=export", upload("codes.file")),
    ("/plan?plan=sent&tab=result", nothing),
    ("/plan?plan=tried&tab=export", nothing),
    ("/plan?plan=tried&tab=result", nothing),
    ("/launch", new_product),
    ("/calendar", nothing),
    ("/results", nothing),
    ("/data", nothing),
    ("/data?shop=second", upload("data.files")),
    ("/shops", nothing),
    ("/model?look=origin", nothing),
    ("/features", nothing),
    ("/another", nothing),
    ("/next_split", a_reason),
    ("/experiments", nothing),
    ("/history", nothing),
    ("/people", people),
    ("/settings", another_sender),
    ("/settings?shop=third", nothing),
    ("/access", passwords),
]

SEEN = """() => [...document.querySelectorAll(
  '[data-testid=stButton], [data-testid=stDownloadButton], [data-testid=stFormSubmitButton]')].map(one => {
    const named = one.closest('[class*=st-key-]');
    const key = [...named.classList].find(name => name.startsWith('st-key-')).slice(7);
    return [key, !one.querySelector('button').disabled];
})"""


def buttons(page: Page, url: str, prepare: Callable[[Page], None]) -> dict[str, bool]:
    """By key, whether each button of a page can be pressed; its folded parts are opened."""
    page.goto("about:blank")  # an address that differs from the last one only behind # would not be opened anew
    page.goto(url)
    wait_until_ready(page)
    page.evaluate("() => document.querySelectorAll('details:not([open]) > summary').forEach(one => one.click())")
    page.wait_for_timeout(500)  # a click that asks the server for what is folded away has to get there first
    wait_until_ready(page)
    prepare(page)
    page.wait_for_timeout(700)
    wait_until_ready(page)
    assert page.get_by_test_id("stException").count() == 0
    return dict(page.evaluate(SEEN))


def action_of(key: str) -> Action | None:
    return next((action for pattern, action in BUTTONS.items() if fnmatchcase(key, pattern)), None)


def test_each_role_can_press_the_buttons_of_what_it_may_do_and_no_other(app, enter):
    seen: dict[str, dict[tuple[str, str], bool]] = {}
    for name, role in {"ada": "admin", **PEOPLE}.items():
        page, seen[role] = enter(name), {}
        links = {link.get_attribute("href") or "" for link in page.get_by_test_id("stSidebarNavLink").all()}
        assert {re.sub(r".*/|\?.*", "", link) or "today" for link in links} == {
            *PAGES, *(["access"] if role == "admin" else []),
        }  # fmt: skip
        for address, prepare in LOOKED_AT:
            if address != "/access" or role == "admin":
                seen[role] |= {(address, key): on for key, on in buttons(page, app.url + address, prepare).items()}
    known = [(key, action_of(key)) for _, key in seen["admin"]]
    assert [key for key, action in known if not action and not any(fnmatchcase(key, one) for one in LOOKS)] == []
    pressed = {key for (_, key), on in seen["admin"].items() if on}
    assert [one for one in BUTTONS if not any(fnmatchcase(key, one) for key in pressed)] == []
    for role, found in seen.items():
        for (address, key), on in seen["admin"].items():
            if (action := action_of(key)) and address != "/access":
                allowed = on and action in roles.MAY[role]
                if action not in roles.MAY[role] and any(fnmatchcase(key, one) for one in HIDDEN):
                    assert (address, key) not in found, f"{role}: {address} {key}"
                else:
                    assert found.get((address, key)) == allowed, f"{role}: {address} {key}"


# --- a right that is taken away while the page is open ---

PRESSED: list[tuple[str, Callable[[Page], None], str]] = [
    ("/customers?groups=own&k=3", nothing, "customers.use"),
    ("/plans", nothing, "plans.duplicate.draft"),
    ("/plan?plan=draft&tab=brief", nothing, "plan.undo"),
    ("/plan?plan=draft&tab=brief", nothing, "brief.add_message"),
    ("/plan?plan=draft&tab=copy", nothing, "copy.like"),
    ("/plan?plan=draft&tab=numbers&try=percent:20", nothing, "numbers.use"),
    ("/plan?plan=draft&tab=approve", nothing, "approve.submit"),
    ("/plan?plan=waiting&tab=approve", nothing, "approve.approve"),
    ("/plan?plan=waiting&tab=approve", nothing, "approve.reject"),
    ("/plan?plan=passed&tab=export", nothing, "export.plans_csv"),
    ("/plan?plan=coded&tab=export", nothing, "codes.withdraw"),
    ("/plan?plan=sent&tab=result", nothing, "conclude.next"),
    ("/plan?plan=tried&tab=result", nothing, "winner.decide"),
    ("/launch", new_product, "launch.save"),
    ("/data", nothing, "data.import"),
    ("/data?shop=second", upload("data.files"), "data.look"),
    ("/shops", nothing, "common.make.complete-journey"),
    ("/model?look=origin", nothing, "common.learn"),
    ("/next_split", a_reason, "next_split.confirm"),
    ("/history", nothing, "history.back_up"),
    ("/people", people, "people.erase"),
    ("/settings", another_sender, "settings.save_topics"),
]


def written(folder: Path) -> dict[str, object]:
    """What was ever saved: files as they are, databases row by row, without sessions, caches and backups."""
    found: dict[str, object] = {}
    for path in sorted(one for top in ("shops", "config") for one in (folder / top).rglob("*") if one.is_file()):
        if path.suffix == ".db" and "backups" not in path.parts:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                found |= {
                    f"{path} {table}": db.execute(f"SELECT * FROM {table}").fetchall()
                    for table in tables
                    if table not in ("sessions", "tries")
                }
        elif not path.name.endswith((".lock", "-wal", "-shm", ".db")):
            found[str(path)] = path.read_bytes()
    return found


def test_a_button_that_was_drawn_before_a_role_was_taken_away_writes_nothing(app, folder, enter):
    config = folder / "config"
    accounts.add(config, "tim", password("tim"), "admin", NOW)
    page = enter("tim")
    for address, prepare, key in PRESSED:
        accounts.set_role(config, "tim", "admin")
        assert buttons(page, app.url + address, prepare)[re.sub("[^A-Za-z0-9_-]", "-", key)], f"{address} {key}"
        accounts.set_role(config, "tim", "viewer")
        before = written(folder)
        field(page, key).get_by_role("button").first.click()
        if key == "export.plans_csv":  # no run of the page, which could say something: Streamlit says that it failed
            page.wait_for_timeout(3_000)
            page.reload()
        said = page.get_by_text(re.compile("^You look and comment|tim is a viewer and may not"))
        expect(said.first, f"{address} {key}").to_be_visible()
        wait_until_ready(page)
        after = written(folder)
        assert [name for name in {**before, **after} if before.get(name) != after.get(name)] == [], f"{address} {key}"
