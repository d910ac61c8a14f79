"""The page at `/`, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from runner.serve.page import PAGE, PAGE_HEADERS

from .serving import Server
from .stores import NOTE, SCORE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The page, fresh; what its policy or its script stumbles over fails the test."""
    page = browser.new_page()
    page.set_default_timeout(5_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if "policy" in said.text.lower() else 0,
    )
    page.goto(server.url)
    yield page
    page.close()
    assert faults == []


def use(page: Page, key: str) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Use key").click()


def look_up(page: Page, collection: str, index: str, value: str) -> None:
    page.get_by_label("Collection").select_option(collection)
    page.get_by_label("Index").select_option(index)
    page.get_by_label("Value").fill(value)
    page.get_by_label("Value").press("Enter")


def test_a_record_is_looked_up_with_a_key(page: Page, server: Server) -> None:
    expect(page.get_by_label("Collection")).to_be_hidden()
    use(page, server.store.keys["both"])
    look_up(page, "recommendations", "email", "ann@example.com")
    record = page.locator("#record")

    expect(record).to_contain_text('"user_id": "u1"')
    expect(record).to_contain_text(f'"score": {SCORE}')
    expect(record).to_contain_text("Größe ☃")
    expect(page.locator("#facts")).to_contain_text("3 hours ago")
    expect(page.locator("#url")).to_have_text(
        "GET /v1/collections/recommendations/records/email/ann%40example.com"
    )


def test_a_record_is_text_and_never_markup(page: Page, server: Server) -> None:
    use(page, server.store.keys["both"])
    look_up(page, "recommendations", "user_id", "u1")
    record = page.locator("#record")

    expect(record).to_contain_text(NOTE.replace('"', '\\"'))
    assert record.locator("img, b").count() == 0
    assert page.title() == "Personalization API"


def test_a_wrong_key_is_told(page: Page) -> None:
    use(page, "bzs_aaaaaaaaaa_" + "a" * 43)

    expect(page.get_by_role("status")).to_contain_text("opens nothing")
    expect(page.get_by_label("Collection")).to_be_hidden()


def test_a_miss_is_told(page: Page, server: Server) -> None:
    use(page, server.store.keys["both"])
    look_up(page, "recommendations", "user_id", "nobody")

    expect(page.get_by_role("status")).to_contain_text("404: No record has this value")
    expect(page.locator("#found")).to_be_hidden()


def test_a_key_is_offered_what_it_may_see(page: Page, server: Server) -> None:
    use(page, server.store.keys["products"])

    expect(page.get_by_label("Collection").locator("option")).to_have_text(
        ["products (1)"]
    )
    expect(page.get_by_label("Index").locator("option")).to_have_text(["sku", "name"])


def test_nothing_stored_is_told(page: Page, server: Server) -> None:
    """As it is told to a key that may see nothing."""
    use(page, server.store.keys["nothing"])

    expect(page.get_by_role("status")).to_contain_text("Nothing is stored")


def test_the_page_loads_nothing_from_elsewhere() -> None:
    policy = dict(PAGE_HEADERS)["content-security-policy"]

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert b"http" not in PAGE.replace(b"http-equiv", b"")
    assert b" style=" not in PAGE
    assert b" on" + b"click=" not in PAGE
