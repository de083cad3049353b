"""The register's search page in a browser: keyboard, address, parts that change alone, both languages."""

import pytest

pytestmark = pytest.mark.e2e

HERE, THERE = "01560", "01559"


def test_search_by_keyboard_changes_list_totals_and_address(visit):
    page = visit("/register/")
    page.wait_for_selector("#register-totals .figure-value")
    page.focus("#id_q")
    page.keyboard.type("99-9")
    page.keyboard.press("Enter")
    page.wait_for_selector(".empty-state")
    assert "q=99-9" in page.url
    page.fill("#id_q", "12-0")
    page.keyboard.press("Enter")
    page.wait_for_selector("#register-list tbody tr")
    assert page.locator("#register-list tbody tr").count() == 1
    page.wait_for_selector("#register-totals .figure-value")
    page.go_back()
    page.wait_for_selector(".empty-state")
    page.reload()
    assert page.locator("#id_q").input_value() == "99-9"


def test_choosing_a_filter_searches_at_once(visit):
    page = visit("/register/")
    page.select_option("#id_species", "64")
    page.wait_for_url("**/register/?**species=64**")
    assert page.locator("#register-list tbody tr").count() == 1
    page.locator("summary", has_text="樹種別・齢級別").click()
    assert page.locator("svg.chart-columns").is_visible()


@pytest.mark.parametrize(("language", "title"), [("ja", "森林簿"), ("en", "Forest register")])
def test_page_fits_a_tablet_and_speaks_the_language(visit, language, title):
    page = visit("/register/", language=language, width=820)
    assert page.locator("h1").inner_text() == title
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 720})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_field_has_a_label(visit):
    page = visit("/register/")
    unlabelled = page.evaluate(
        """[...document.querySelectorAll("main input:not([type=hidden]), main select")]
           .filter((field) => !field.labels.length && !field.ariaLabel).map((field) => field.name)"""
    )
    assert unlabelled == []


def test_neighbour_finds_nothing_of_it(visit):
    page = visit("/register/?q=12-0", officer=THERE)
    assert page.locator(".empty-state").is_visible()
    assert HERE not in page.locator("main").inner_text()


def test_edit_by_the_page_of_a_subcompartment(visit):
    page = visit("/register/?q=12-0")
    page.locator("#register-list tbody th a").click()
    page.wait_for_selector(".record-card .place-card")
    page.get_by_role("link", name="編集する").click()
    page.get_by_label("林齢").fill("86")
    page.get_by_role("button", name="保存する").click()
    page.wait_for_selector(".notice--success")
    assert page.locator("ins").inner_text() == "86"
    page.get_by_role("button", name="元に戻す").click()
    page.wait_for_selector(".notice--success")
    assert page.locator("ins").first.inner_text() == "85"


def test_what_was_found_is_marked_on_the_map(visit):
    page = visit("/register/?q=12-0")
    page.get_by_role("link", name="見つかった小班を地図で見る").click()
    page.wait_for_selector("html[data-map=idle]", state="attached", timeout=60_000)
    assert "1件に印" in page.locator(".map-found").inner_text()
    page.get_by_role("link", name="検索に戻る").click()
    assert page.locator("#id_q").input_value() == "12-0"
