"""The map page as an officer uses it, in a real browser against a live server."""

import re

import pytest

pytestmark = pytest.mark.e2e

HERE, THERE, NOWHERE = "01560", "01559", "01555"
PAPER = (244, 246, 243)
FILL_OPACITY = 0.75


def legend_colours(page, layer):
    """Return label -> colour of a layer's legend as the page shows it."""
    item = page.locator(".layer-item", has=page.locator(f"[data-layer={layer}]"))
    rows = item.locator(".legend li")
    found = {}
    for index in range(rows.count()):
        swatch = rows.nth(index).locator(".legend-swatch")
        value = swatch.evaluate("node => getComputedStyle(node).backgroundColor")
        found[rows.nth(index).inner_text().strip()] = tuple(
            int(part) for part in re.findall(r"\d+", value)[:3]
        )
    return found


def drawn(colour):
    """Return a fill's colour as it appears on the paper."""
    return tuple(
        round(FILL_OPACITY * part + (1 - FILL_OPACITY) * paper)
        for part, paper in zip(colour, PAPER, strict=True)
    )


def test_areas_have_the_colour_that_the_legend_says(visit, world, colour_at_middle):
    for zone, label in ((world.rich, "200～300 m³/ha"), (world.poor, "20 m³/ha未満")):
        page = visit(f"/map/{zone.view()}")
        seen = colour_at_middle(page)
        expected = drawn(legend_colours(page, "hardwood")[label])
        assert seen == pytest.approx(expected, abs=4)


def test_first_view_is_on_what_the_municipality_published(visit, world):
    page = visit("/map/")
    page.wait_for_selector("html[data-map=idle]", state="attached")
    _zoom, latitude, longitude = re.search(r"map=([\d.]+)/([\d.]+)/([\d.]+)", page.url).groups()
    assert float(latitude) == pytest.approx(world.rich.latitude, abs=0.005)
    assert float(longitude) == pytest.approx(world.rich.longitude, abs=0.01)


def test_click_shows_the_card_with_the_stored_figures(visit, world, colour_at_middle):
    page = visit(f"/map/{world.rich.view()}")
    colour_at_middle(page)
    page.locator("#map canvas").click()
    card = page.locator("#card article")
    card.wait_for()
    assert card.get_attribute("data-key") == world.rich.key
    assert card.locator("[data-figure=hardwood_m3]").inner_text() == "4,912.0"
    assert card.locator("[data-figure=hardwood_se_m3]").inner_text() == "406.0"
    assert card.locator("[data-figure=hardwood_m3ha]").inner_text() == "245.6"
    text = card.inner_text()
    # 4912.0 -+ 1.6449 x 406.0 and 245.6 -+ 1.6449 x 20.3
    for words in (
        "4,244.2 – 5,579.8 m³",
        "212.2 – 279.0 m³/ha",
        "53.1",
        "17.3\xa0m",
        "88.2\xa0%",
        "2026年6月1日（令和8年）",
        "標準地60点",
        "18.2 %",
        "199.9",
        "ミズナラ",
        "架空データ",
        "一致しません",
    ):
        assert words in text
    assert "未校正" not in text
    assert f"card={world.rich.key}" in page.url


def test_uncalibrated_figures_say_so(visit, world):
    page = visit(f"/map/{world.shared.view()}&card={world.shared.key}", officer=THERE)
    card = page.locator("#card article")
    card.wait_for()
    assert card.locator(".badge--warning").inner_text() == "未校正"
    assert "誤差は分かりません" in card.inner_text()
    assert "±" not in card.inner_text()


def test_other_municipality_sees_only_what_is_shared(visit, world, colour_at_middle):
    page = visit(f"/map/{world.rich.view()}", officer=THERE)
    assert colour_at_middle(page) == pytest.approx(PAPER, abs=2)
    page.locator("#map canvas").click()
    assert "小班の情報がありません" in page.locator("#map-status").inner_text()

    page = visit(f"/map/{world.shared.view()}")
    assert colour_at_middle(page) != pytest.approx(PAPER, abs=10)
    page.locator("#map canvas").click()
    assert page.locator("#card article").get_attribute("data-key") == world.shared.key


def test_card_of_a_hidden_place_is_not_found(visit, world):
    page = visit("/map/", officer=THERE)
    answer = page.request.get(f"/card/{world.rich.key}/")
    assert answer.status == 404
    answer = page.request.get(f"/card/{world.rich.key}/?format=json")
    assert answer.status == 404
    assert "245.6" not in answer.text()


def test_card_as_json_has_the_same_figures(visit, world):
    page = visit("/map/")
    card = page.request.get(f"/card/{world.rich.key}/?format=json").json()
    assert card["volume"]["hardwood"]["m3ha"] == "245.6"
    assert card["volume"]["hardwood"]["text"]["m3"] == "4,912.0"
    assert card["register"]["stock_broadleaf_m3ha"] == "199.9"


def test_layer_switched_off_stays_off_in_the_address(visit, world, colour_at_middle):
    page = visit(f"/map/{world.rich.view()}")
    page.wait_for_selector("html[data-map=idle]", state="attached")
    page.uncheck("[data-layer=hardwood]")
    page.wait_for_timeout(300)
    assert colour_at_middle(page) == pytest.approx(PAPER, abs=2)
    assert re.search(r"on=[\w,]*compartment", page.url)
    assert not re.search(r"on=[\w,]*hardwood", page.url)
    page.reload()
    assert colour_at_middle(page) == pytest.approx(PAPER, abs=2)
    assert not page.is_checked("[data-layer=hardwood]")


def test_opacity_changes_the_map_and_is_kept(visit, world, colour_at_middle):
    page = visit(f"/map/{world.rich.view()}&opacity=hardwood:0")
    assert colour_at_middle(page) == pytest.approx(PAPER, abs=2)
    slider = page.get_by_label("濃さ: 小班別 広葉樹材積")
    slider.fill("100")
    assert "opacity=hardwood:100" in page.url
    page.wait_for_timeout(300)
    assert colour_at_middle(page) != pytest.approx(PAPER, abs=10)


def test_map_can_be_used_by_keyboard(visit, world, colour_at_middle):
    page = visit(f"/map/{world.rich.view()}")
    colour_at_middle(page)
    page.locator("#map canvas").focus()
    page.keyboard.press("Enter")
    page.locator("#card article").wait_for()
    assert page.evaluate("() => document.activeElement.tagName") == "H2"
    page.keyboard.press("Escape")
    assert page.locator("#card").is_hidden()
    assert "card=" not in page.url
    assert page.evaluate("() => document.activeElement.tagName") == "CANVAS"


def test_language_switch_keeps_the_place(visit, world):
    page = visit(f"/map/{world.rich.view()}&on=hardwood&base=none", fresh=True)
    page.wait_for_selector("html[data-map=idle]", state="attached")
    page.get_by_role("button", name="English").click()
    page.wait_for_selector("html[lang=en][data-map=idle]", state="attached")
    assert page.locator("#panel-title").inner_text() == "Layers"
    assert page.locator("nav a[aria-current]").inner_text() == "Map"
    assert f"map=15/{world.rich.latitude}" in page.url
    assert "on=hardwood&" in page.url
    page.locator("#map canvas").click()
    card = page.locator("#card article")
    card.wait_for()
    assert card.locator("h2").inner_text() == "Takinoue 12-0"
    assert "Hardwood volume" in card.inner_text()
    assert "1 June 2026 (Reiwa 8)" in card.inner_text()


def test_nothing_published_says_what_to_do_next(visit):
    page = visit("/map/", officer=NOWHERE)
    assert "まだありません" in page.locator(".map-empty").inner_text()
    page.click(".map-empty a")
    page.wait_for_url("**/surveys/runs/")


def test_panel_gives_way_on_a_tablet(visit):
    page = visit("/map/", width=800)
    page.wait_for_selector("#panel-open")
    assert page.locator("#panel").is_hidden()
    page.click("#panel-open")
    assert page.locator("#panel").is_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 800
    page.click("#panel-close")
    assert page.locator("#panel").is_hidden()
