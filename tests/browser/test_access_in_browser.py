"""Signing in with real browsers, one for each person: roles, four eyes, signing out, and cookies that were copied.

Once with local accounts, and once with an identity provider that runs beside the app.
"""

import contextlib
import logging
import re
import shutil
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from engine.access import accounts, acting, storage
from engine.campaign.plan import Audience, Offer, Plan, Step
from engine.decision import approvals, ledger, plans
from engine.errors import AppError
from engine.shop import store
from tests.browser.conftest import App, free_port, is_elsewhere, running_app, wait_until_ready
from tests.browser.test_journey import choose, field
from tests.dashboard.plan_pages import COPY

pytestmark = pytest.mark.browser

WAIT = 60_000  # milliseconds; two cores that others use too
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SECRET = "PmAIQ2lZ0c5LJ5sZVYbI0mTqkHn3RjzZ2oV9x8w1Uqg"
PEOPLE = {"mia": "marketer", "bo": "approver", "vera": "viewer", "ada": "admin"}


def password(name: str) -> str:
    return f"{name} likes blue kettles"


def plan(plan_id: str, owner: str) -> Plan:
    return Plan(
        plan_id=plan_id,
        name=plan_id,
        owner=owner,
        audience=Audience(segment_ids=["s1"]),
        offer=Offer(kind="percent", discount=0.15, code="SPRING15"),
        steps=[Step(copy=COPY)],
        starts_at=date(2026, 6, 8),
        ends_at=date(2026, 6, 15),
    )


def submitted(app: App, config: Path, plan_id: str, owner: str) -> None:
    """A plan that waits for a second person."""
    shop = store.open_shop(app.shop)
    filled = {"filled": {"subject": "A note", "body": "Enter SPRING15 at checkout and get 15% off."}}
    with acting.asking(lambda: owner):
        approvals.submit(app.shop, shop.shop_id, plan(plan_id, owner), {}, owner, NOW, config, extras=filled)


def history(app: App, config: Path, plan_id: str) -> list[tuple[str, str, str]]:
    """(action, who, recorded by) of each entry of a plan."""
    found = ledger.entries(app.shop, store.open_shop(app.shop).shop_id, config, plan_id)
    return [(entry.action, entry.actor, entry.recorded_by) for entry in found]


def press(page: Page, key: str) -> None:
    field(page, key).get_by_role("button").first.click()


def is_outside(page: Page) -> bool:
    """Whether the page that was opened shows nothing but the way in."""
    if "/signin" in page.url:
        return page.locator("input[name=password]").count() == 1
    wait_until_ready(page)
    return page.locator("#ready").last.get_attribute("data-page") == "outside"


def is_ours(asked: Request) -> bool:
    """Whether our pages asked another machine for something; the provider's own pages, on localhost, are not ours."""
    return is_elsewhere(asked.url) and not asked.headers.get("referer", "").startswith("http://localhost:")


@pytest.fixture
def someone(browser: Browser) -> Iterator[Callable[..., Page]]:
    """someone(cookies=()): an empty tab in a browser of its own."""
    elsewhere: list[str] = []
    with contextlib.ExitStack() as all_of_them:

        def open_browser(cookies=()) -> Page:
            context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
            all_of_them.callback(context.close)
            context.set_default_timeout(WAIT)
            context.on("request", lambda asked: elsewhere.append(asked.url) if is_ours(asked) else None)
            context.route(is_elsewhere, lambda route: route.abort())
            context.add_cookies(list(cookies))
            expect.set_options(timeout=WAIT)
            return context.new_page()

        yield open_browser
    assert elsewhere == [], "everything must come from the shop's own machine"


# --- local accounts ---


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accounts-in-browser")


@pytest.fixture(scope="module")
def config(folder: Path) -> Path:
    """The configuration folder of an installation where four people have accounts."""
    for name in ("ada", "mia", "bo", "vera"):
        accounts.add(folder / "config", name, password(name), PEOPLE[name], NOW)
    return folder / "config"


@pytest.fixture(scope="module")
def app(trained_shop_dir: Path, folder: Path, config: Path) -> Iterator[App]:
    shop = Path(shutil.copytree(trained_shop_dir, folder / "shops" / "demo"))
    plans.save(shop, plan("hers", "mia"), {}, None, NOW)
    own = {"OFFERLAB_CONFIG": str(config), "OFFERLAB_CACHE": str(folder / "cache"), "OFFERLAB_MODEL": "none"}
    with running_app(shop, folder / "app.log", own) as running:
        yield running


@pytest.fixture
def enter(app: App, someone: Callable[..., Page]) -> Callable[..., Page]:
    """enter(name, address="/"): the page as somebody sees it who signed in on the way to it."""

    def enter_as(name: str, address: str = "/") -> Page:
        page = someone()
        page.goto(app.url + address)
        page.fill("[name=name]", name)
        page.fill("[name=password]", password(name))
        page.click("button")
        wait_until_ready(page)
        assert page.url.startswith(app.url + address.split("?")[0])
        return page

    return enter_as


def test_two_people_in_two_browsers_submit_and_approve_as_who_they_are(app, config, enter):
    hers = enter("mia", "/plan?plan=hers&tab=approve")
    expect(hers.get_by_text("You submit it as mia.")).to_be_visible()
    assert field(hers, "approve.author").count() == 0  # nobody types who they are
    press(hers, "approve.submit")
    expect(hers.get_by_text("You decide as mia.")).to_be_visible()
    expect(hers.get_by_text("mia is a marketer and may not approve here")).to_be_visible()
    expect(field(hers, "approve.approve").get_by_role("button").first).to_be_disabled()

    his = enter("bo", "/plan?plan=hers&tab=approve")
    field(his, "approve.reason").locator("input").fill("fits the spring range")
    press(his, "approve.approve")
    expect(his.get_by_text("approved by bo")).to_be_visible()
    assert history(app, config, "hers") == [("submitted", "mia", "mia"), ("approved", "bo", "bo")]

    hers.goto(f"{app.url}/plan?plan=hers&tab=export")
    with hers.expect_download() as taken:  # made in a thread of the server, for who is signed in on the page
        press(hers, "export.plans_csv")
    assert b"SPRING15" in Path(taken.value.path()).read_bytes()
    assert history(app, config, "hers")[-1] == ("exported", "mia", "mia")

    submitted(app, config, "his", "bo")  # an approver's own plan takes another approver
    his.goto(f"{app.url}/plan?plan=his&tab=approve")
    field(his, "approve.reason").locator("input").fill("I like it")
    press(his, "approve.approve")
    expect(his.get_by_text("bo wrote this plan; a second person has to approve it")).to_be_visible()
    assert history(app, config, "his") == [("submitted", "bo", "bo")]


@pytest.mark.full  # half a minute of a browser and more; tests/access holds the same of the engine in every run
def test_a_viewer_sees_the_pages_and_no_write_of_theirs_goes_through(app, config, enter):
    plans.save(app.shop, plan("looked-at", "mia"), {}, None, NOW)
    page = enter("vera", "/plan?plan=looked-at&tab=approve")
    expect(page.get_by_text("vera is a viewer and may not submit here")).to_be_visible()
    expect(field(page, "approve.submit").get_by_role("button").first).to_be_disabled()
    page.goto(f"{app.url}/plan?plan=looked-at&tab=brief")
    wait_until_ready(page, "plan")
    percent = field(page, "brief.percent").locator("input")
    percent.fill("25")
    percent.press("Enter")
    expect(page.get_by_text("vera is a viewer and may not draft here")).to_be_visible()
    saved = plans.load(app.shop, "looked-at")
    assert (saved.version, saved.plan.offer.discount, saved.plan.status) == (1, 0.15, "draft")
    assert history(app, config, "looked-at") == []
    page.goto(f"{app.url}/access")  # no page of hers: the address leads to the first one
    wait_until_ready(page)
    assert page.locator("#ready").first.get_attribute("data-page") == "today"


@pytest.mark.full  # tests/access holds the same of the engine in every run
def test_another_role_and_a_disabled_account_hold_at_the_next_click(app, config, enter):
    accounts.add(config, "tim", password("tim"), "viewer", NOW)
    page = enter("tim", "/people")
    expect(field(page, "door.who")).to_contain_text("tim · viewer")
    accounts.set_role(config, "tim", "admin")
    page.get_by_role("link", name="Approval history").click()
    expect(field(page, "door.who")).to_contain_text("tim · admin")
    page.get_by_role("link", name="Access").click()
    wait_until_ready(page, "access")
    accounts.set_disabled(config, "tim", True, datetime.now(UTC))
    page.get_by_role("link", name="Approval history").click()
    expect(page.get_by_text("This session is over")).to_be_visible()


def sessions_of(config: Path, name: str) -> int:
    """How many sessions somebody has that were not ended."""
    with storage.reading(config) as db:
        asked = "SELECT count(*) FROM sessions WHERE person = ? AND revoked IS NULL"
        return int(db.execute(asked, [name]).fetchone()[0])


@pytest.mark.full  # tests/access holds the same of the engine in every run
def test_an_admin_makes_changes_and_ends_accounts_on_the_page_access(app, config, enter):
    page = enter("ada", "/access")
    field(page, "access.name").locator("input").fill("Zoe")
    field(page, "access.password").locator("input").fill(password("zoe"))
    press(page, "access.add")
    expect(page.get_by_text("Zoe can sign in now.")).to_be_visible()
    hers = enter("zoe")
    expect(field(hers, "door.who")).to_contain_text("Zoe · marketer")

    choose(page, "access.role.zoe", "viewer")
    expect(page.get_by_text("Zoe: changed.")).to_be_visible()
    hers.get_by_role("link", name="Plans").click()
    expect(field(hers, "door.who")).to_contain_text("Zoe · viewer")
    expect(hers.get_by_text("nothing else that you do here is saved")).to_be_visible()

    press(page, "access.end.zoe")
    expect(page.get_by_text("Zoe: signed out everywhere.")).to_be_visible()
    hers.get_by_role("link", name="Results").click()
    expect(hers.get_by_text("This session is over")).to_be_visible()
    assert not hers.get_by_test_id("stSidebar").is_visible()
    hers.get_by_role("link", name="Sign in").click()
    assert hers.url == f"{app.url}/signin?next=/results"  # and back to where she was

    assert sessions_of(config, "zoe") == 0
    hers = enter("zoe")
    field(page, "access.of.zoe").get_by_role("button", name="Change the password").click()
    field(page, "access.word.zoe").locator("input").fill("another blue kettle")
    press(page, "access.change.zoe")
    expect(page.get_by_text("Zoe: changed.")).to_be_visible()
    assert sessions_of(config, "zoe") == 0
    accounts.sign_in(config, "zoe", "another blue kettle", datetime.now(UTC))

    page.keyboard.press("Escape")
    field(page, "access.in.zoe").locator("label").click()
    expect(field(page, "access.in.zoe").locator("input")).not_to_be_checked()
    wait_until_ready(page)
    with pytest.raises(AppError, match="cannot be used"):
        accounts.sign_in(config, "zoe", "another blue kettle", datetime.now(UTC))
    field(page, "access.in.ada").locator("label").click()
    expect(page.get_by_text("ada is the last admin who can sign in")).to_be_visible()
    expect(field(page, "access.in.ada").locator("input")).to_be_checked()


def is_refused(url: str, cookies: str) -> bool:
    """Whether the server gives a browser with these cookies no page and no file, only the way in."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay())
    codes = []
    for path, accept in (("/today", "text/html"), ("/media/x.csv", "*/*")):
        asked = urllib.request.Request(url + path, headers={"Cookie": cookies, "Accept": accept})
        try:
            codes.append((direct.open(asked, timeout=30).status, ""))
        except urllib.error.HTTPError as answer:
            codes.append((answer.code, answer.headers.get("Location", "")))
    return codes == [(303, "/signin?next=/today"), (401, "")]


def copied_after_signing_out(app: App, page: Page, someone: Callable[..., Page], browsers: int) -> Page:
    """The tab of a copier, after the one whose cookies were copied signed out in another tab."""
    cookies = page.context.cookies()
    copier = someone(cookies)
    copier.goto(app.url)
    wait_until_ready(copier, "today")  # until then a copied cookie is as good as the cookie
    press(page, "door.sign_out")
    expect(page.get_by_text(re.compile("^Sign in$|^End Session$")).first).to_be_visible()  # ours, or the provider's
    for _ in range(browsers):
        other = someone(cookies)
        other.goto(f"{app.url}/history")
        assert is_outside(other)
    copier.get_by_role("link", name="Approval history").click()  # the tab that was open
    expect(copier.get_by_text("This session is over")).to_be_visible()
    return copier


@pytest.mark.full  # half a minute of a browser and more; tests/access holds the same of the engine in every run
@pytest.mark.parametrize("browsers", [2, 20])
def test_a_copied_cookie_is_refused_after_signing_out(app, enter, someone, browsers):
    page = enter("mia")
    [secret] = [one for one in page.context.cookies() if one["name"] == "offerlab_session"]
    assert (secret["httpOnly"], secret["sameSite"], secret["secure"]) == (True, "Lax", False)
    cookie = f"offerlab_session={secret['value']}"
    second = page.context.new_page()
    second.goto(f"{app.url}/history")
    wait_until_ready(second, "history")  # a second tab is signed in, and so is a reload
    page.reload()
    wait_until_ready(page, "today")
    assert not is_refused(app.url, cookie)
    copied_after_signing_out(app, page, someone, browsers)
    assert [is_refused(app.url, cookie) for _ in range(20)] == [True] * 20


def test_the_form_takes_only_what_its_own_page_sends(app, someone):
    page = someone()
    page.goto(f"{app.url}/signin?next=//elsewhere.example")
    assert page.locator("[name=next]").input_value() == "/"
    for name in ("nobody-of-this-name", "bo"):
        page.fill("[name=name]", name)
        page.fill("[name=password]", "this is wrong")
        page.click("button")
        expect(page.get_by_role("alert")).to_have_text(
            "This name and password do not go together, or the account cannot be used."
        )
    form = {"name": "bo", "password": password("bo"), "form": "made-up", "next": "/"}
    assert page.request.post(f"{app.url}/signin", form=form, max_redirects=0).status == 403
    own = form | {"form": page.locator("[name=form]").input_value()}
    elsewhere = {"Origin": "http://elsewhere.example"}
    assert page.request.post(f"{app.url}/signin", form=own, headers=elsewhere, max_redirects=0).status == 403
    assert page.request.post(f"{app.url}/signin", form=own | {"name": "x" * 9000}, max_redirects=0).status == 413
    answer = page.request.post(f"{app.url}/signin", form=own, headers={"X-Forwarded-Proto": "https"}, max_redirects=0)
    assert answer.status == 303
    assert "; secure" in answer.headers["set-cookie"].lower()  # behind a server that speaks https
    assert "httponly" in answer.headers["set-cookie"].lower()


# --- an identity provider ---


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of an OpenID Connect provider where anybody may say to be one of these people."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oidc_provider_mock
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    people = [
        oidc_provider_mock.User(sub=name, claims={"email": f"{name}@shop.example", "email_verified": name != "vera"})
        for name in ("mia", "bo", "vera", "eve")
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def vouched(trained_shop_dir: Path, tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[App]:
    """The app with [auth], and roles by e-mail address."""
    folder = tmp_path_factory.mktemp("provider-in-browser")
    shop = Path(shutil.copytree(trained_shop_dir, folder / "shops" / "demo"))
    plans.save(shop, plan("hers", "mia@shop.example"), {}, None, NOW)
    (folder / "config").mkdir()
    roles = "".join(f'"{name}@shop.example" = "{role}"\n' for name, role in PEOPLE.items())
    (folder / "config" / "roles.toml").write_text(f"[people]\n{roles}", encoding="utf-8")
    port = free_port()
    secrets = {
        "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback", "cookie_secret": SECRET, "client_id": "offerlab",
        "client_secret": "known to both", "server_metadata_url": f"{provider}/.well-known/openid-configuration",
    }  # fmt: skip
    lines = "".join(f'{name} = "{value}"\n' for name, value in secrets.items())
    (folder / "secrets.toml").write_text(f"[auth]\n{lines}", encoding="utf-8")
    own = {
        "OFFERLAB_CONFIG": str(folder / "config"), "OFFERLAB_CACHE": str(folder / "cache"), "OFFERLAB_MODEL": "none",
        "STREAMLIT_SECRETS_FILES": str(folder / "secrets.toml"), "NO_PROXY": "localhost,127.0.0.1",
    }  # fmt: skip
    with running_app(shop, folder / "app.log", own, port=port) as running:
        yield running


@pytest.fixture
def log_in(vouched: App, someone: Callable[..., Page]) -> Callable[[str], Page]:
    """log_in(name): the first page as the provider's person sees it."""

    def log_in_as(name: str) -> Page:
        page = someone()
        page.goto(vouched.url)
        assert is_outside(page)
        press(page, "door.sign_in")
        page.locator(f"button[value={name}]").click()
        page.wait_for_url(f"{vouched.url}/**")
        wait_until_ready(page)
        return page

    return log_in_as


@pytest.mark.full  # half a minute of a browser and more; tests/access holds the same of the engine in every run
def test_people_of_the_provider_have_the_role_of_their_address(vouched, log_in):
    config = vouched.shop.parents[1] / "config"
    hers = log_in("mia")
    expect(field(hers, "door.who")).to_contain_text("mia@shop.example · marketer")
    hers.goto(f"{vouched.url}/plan?plan=hers&tab=approve")
    press(hers, "approve.submit")
    expect(hers.get_by_text("You decide as mia@shop.example.")).to_be_visible()
    expect(hers.get_by_text("mia@shop.example is a marketer and may not approve here")).to_be_visible()
    expect(field(hers, "approve.approve").get_by_role("button").first).to_be_disabled()
    his = log_in("bo")
    his.goto(f"{vouched.url}/plan?plan=hers&tab=approve")
    field(his, "approve.reason").locator("input").fill("fits")
    press(his, "approve.approve")
    expect(his.get_by_text("approved by bo@shop.example")).to_be_visible()
    assert [entry[1] for entry in history(vouched, config, "hers")] == ["mia@shop.example", "bo@shop.example"]


@pytest.mark.full  # tests/access holds the same of the engine in every run
def test_who_is_not_listed_or_not_verified_is_told_so_and_sees_nothing(vouched, log_in):
    for name, sentence in (
        ("eve", "eve@shop.example is not in the list of people"),
        ("vera", "does not say that your e-mail address is verified"),
    ):
        page = log_in(name)
        assert is_outside(page)
        expect(page.get_by_text(sentence)).to_be_visible()
        assert page.get_by_test_id("stSidebarNavLink").count() == 0


@pytest.mark.full  # half a minute of a browser and more; tests/access holds the same of the engine in every run
@pytest.mark.parametrize("browsers", [2, 20])
def test_a_copied_login_cookie_is_refused_after_signing_out_though_streamlit_accepts_it(
    vouched, log_in, someone, browsers
):
    page = log_in("mia")
    assert {"_streamlit_user"} <= {one["name"] for one in page.context.cookies()}
    copied_after_signing_out(vouched, page, someone, browsers)
    again = log_in("mia")  # a new login is a new session
    assert not is_outside(again)


# --- what must not start or serve ---


def test_a_sample_cookie_secret_does_not_start(tmp_path):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('[auth]\ncookie_secret = "xxx"\n', encoding="utf-8")
    log = tmp_path / "app.log"
    with (
        pytest.raises(AssertionError, match=r"cookie_secret of .auth. in secrets.toml has 3 bytes"),
        running_app(None, log, {"STREAMLIT_SECRETS_FILES": str(secrets)}),
    ):
        pass


def test_open_to_other_machines_without_accounts_it_shows_one_sentence(tmp_path, someone):
    own = {"OFFERLAB_CONFIG": str(tmp_path / "config"), "STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}
    with running_app(None, tmp_path / "app.log", own) as running:
        page = someone()
        page.goto(running.url)
        assert is_outside(page)
        expect(page.get_by_text("nobody has to sign in, so it serves nothing")).to_be_visible()
        assert page.get_by_test_id("stSidebarNavLink").count() == page.get_by_role("textbox").count() == 0
