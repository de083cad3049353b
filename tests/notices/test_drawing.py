"""An area is drawn on the map of the form by a real browser."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.notices.conftest import CODE

pytestmark = pytest.mark.e2e


def test_clicks_become_a_polygon(place, officer, client_for, live_address):
    session = client_for(officer(CODE)).cookies["sessionid"].value

    def draw():
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            from tests.web.conftest import ARGUMENTS, CHROMIUM

            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            context = browser.new_context(base_url=live_address, locale="ja")
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_address}])
            page = context.new_page()
            complaints = []
            page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
            page.goto("/notices/new/")
            page.wait_for_selector(".draw-map[data-ready=yes]", timeout=60_000)
            box = page.locator(".draw-map").bounding_box()
            for x, y in ((200, 100), (400, 100), (400, 250), (200, 250)):
                page.locator(".draw-map").click(position={"x": x, "y": y})
            drawn = page.locator("textarea[data-draw]").input_value()
            page.get_by_text("1点戻す").click()
            three = page.locator("textarea[data-draw]").input_value()
            page.get_by_text("描き直す").click()
            none = page.locator("textarea[data-draw]").input_value()
            browser.close()
            return box, drawn, three, none, complaints

    # In a thread of its own: Playwright's event loop keeps the ORM from working in this one.
    with ThreadPoolExecutor(1) as pool:
        box, drawn, three, none, complaints = pool.submit(draw).result()
    assert box["height"] > 300
    ring = json.loads(drawn)["coordinates"][0]
    assert len(ring) == 5
    assert ring[0] == ring[-1]
    west, east = ring[0][0], ring[1][0]
    north, south = ring[1][1], ring[2][1]
    assert west < east
    assert south < north
    assert len(json.loads(three)["coordinates"][0]) == 4
    assert none == ""
    assert complaints == []
