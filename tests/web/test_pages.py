"""Every page in both languages: reachable, complete, nothing refused by its own policy."""

import re

import pytest

pytestmark = pytest.mark.e2e

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("path", ["/map/", "/surveys/runs/", "/account/tokens/"])
def test_page_has_landmarks_and_fits(visit, path, language):
    page = visit(path, language=language)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("nav a[aria-current=page]").count() == 1
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 1280


def test_english_pages_have_no_japanese_words_of_ours(visit):
    page = visit("/surveys/runs/", language="en")
    nav = page.locator("nav").inner_text()
    assert not JAPANESE.search(nav)
    assert not JAPANESE.search(page.locator("thead").inner_text())
    assert not JAPANESE.search(page.title())


def test_run_of_the_municipality_is_shown(visit, world):
    page = visit(f"/surveys/runs/{world.run_of_here}/")
    text = page.locator("main").inner_text()
    assert "245.6" in text
    assert "滝上町 2026年計測" in text


def test_progress_moves_without_reloading(visit, world, meanwhile):
    from django.db import transaction

    from forestgis.jobs.models import Job

    page = visit(f"/surveys/runs/{world.running}/")
    assert "14 / 40" in page.locator(".progress-text").inner_text()
    page.evaluate("() => { document.body.dataset.notReloaded = 'yes'; }")

    def advance():
        with transaction.atomic(using="worker"):
            Job.objects.using("worker").filter(state="running").update(progress_done=27)

    meanwhile(advance)
    page.get_by_text("27 / 40").wait_for(timeout=10_000)
    assert page.locator("progress").evaluate("node => node.value") == 27
    assert page.locator("body").get_attribute("data-not-reloaded") == "yes"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_login_page_before_anything_else(visit, language):
    page = visit("/login/", officer=None, language=language)
    assert page.locator("input[name=password]").is_visible()
    assert page.locator("nav").count() == 0


def test_map_needs_a_login_and_comes_back(visit):
    page = visit("/map/", officer=None)
    assert "/login/?next=/map/" in page.url


def test_missing_page_speaks_plainly(visit):
    answer = visit("/map/").request.get("/nothing-here/")
    assert answer.status == 404
    assert "ページが見つかりません" in answer.text()
    assert answer.headers["x-request-id"] in answer.text()


def test_policy_allows_nothing_inline(visit):
    page = visit("/map/")
    policy = page.request.get("/map/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    for directive in ("default-src 'self'", "object-src 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    headers = page.request.get("/map/").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_outside_background_only_when_switched_on(visit, settings):
    page = visit("/map/")
    assert page.locator("input[name=background][value=gsi]").count() == 0
    settings.FORESTGIS_GSI_BACKGROUND = True
    page = visit("/map/")
    page.wait_for_selector("input[name=background][value=gsi]")
    assert (
        "https://cyberjapandata.gsi.go.jp"
        in page.request.get("/map/").headers["content-security-policy"]
    )


def test_log_out(visit):
    page = visit("/map/", fresh=True)
    page.get_by_role("button", name="ログアウト").click()
    page.wait_for_url("**/login/**")
    page.goto("/map/")
    assert "/login/" in page.url
