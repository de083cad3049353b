"""Pages of runs over HTTP: what they show, who may publish, and nothing for others."""

import json

import pytest
from django.urls import reverse

from forestgis.accounts.models import User
from forestgis.surveys import services
from forestgis.surveys.models import Publication, Run
from forestgis.tenancy.principal import LOGIN, acting_as, transaction_as


@pytest.fixture
def browser(world, client_for):
    """Return `browser(username)`: somebody of the demonstration, logged in."""

    def make(username):
        with transaction_as(LOGIN):
            user = User.objects.select_related("organisation").get(username=username)
        return client_for(user)

    return make


def page(run, name="run_detail"):
    return reverse(f"surveys:{name}", args=[run.pk])


def test_list_and_page_of_a_run(browser, make_run):
    run = make_run()
    client = browser("takinoue")
    listed = client.get(reverse("surveys:run_list")).content.decode()
    assert page(run) in listed
    assert "架空データ" in listed
    shown = client.get(page(run)).content.decode()
    assert "41-1" in shown
    assert "標準地16点" in shown
    assert "公開していません" in shown
    assert "<script>" not in shown


def test_zone_figures_on_the_page_are_the_stored_ones(world, browser, make_run):
    run = make_run()
    with transaction_as(world.owner):
        zone = run.zones.order_by("key").first()
    shown = browser("takinoue").get(page(run)).content.decode()
    assert f"{zone.hardwood_m3:,}" in shown
    assert f"{zone.hardwood_se_m3:,}" in shown


def test_waiting_run_asks_for_its_progress(browser, make_run):
    run, _result = make_run(store=False)
    client = browser("takinoue")
    assert f'hx-get="{page(run, "run_status")}"' in client.get(page(run)).content.decode()
    waiting = client.get(page(run, "run_status"))
    assert "<progress" in waiting.content.decode()
    assert "HX-Refresh" not in waiting.headers


def test_settled_run_makes_the_page_renew_itself(browser, make_run):
    run = make_run()
    answer = browser("takinoue").get(page(run, "run_status"))
    assert answer.headers["HX-Refresh"] == "true"


def test_publish_and_withdraw_by_form(world, browser, make_run):
    run = make_run()
    client = browser("takinoue")
    answer = client.post(page(run, "publish_run"), {"sharing": "municipalities"}, follow=True)
    assert "公開しました" in answer.content.decode()
    with transaction_as(world.owner):
        publication = Publication.objects.select_related("published_by").get(run=run)
    assert (publication.sharing, publication.withdrawn_at) == ("municipalities", None)
    assert publication.published_by.username == "takinoue"
    client.post(page(run, "withdraw_run"))
    with transaction_as(world.owner):
        assert Publication.objects.get(run=run).withdrawn_at is not None


@pytest.mark.parametrize(
    ("form", "status", "text"),
    [
        ({"sharing": "named"}, 409, "公開範囲の指定が正しくありません"),
        ({"sharing": "prefecture"}, 400, "prefecture"),
        ({}, 400, "errorlist"),
    ],
)
def test_refused_publication_is_explained_and_not_made(
    world, browser, make_run, form, status, text
):
    run = make_run()
    answer = browser("takinoue").post(page(run, "publish_run"), form)
    assert answer.status_code == status
    assert text in answer.content.decode()
    with transaction_as(world.owner):
        assert not Publication.objects.filter(run=run).exists()


@pytest.mark.parametrize(
    "name", ["run_detail", "run_status", "run_provenance", "publish_run", "withdraw_run"]
)
def test_other_municipality_gets_404(browser, make_run, name):
    run = make_run()
    client = browser("nishiokoppe")
    method = client.post if name in {"publish_run", "withdraw_run"} else client.get
    assert method(page(run, name)).status_code == 404
    assert page(run) not in client.get(reverse("surveys:run_list")).content.decode()


def test_nobody_is_sent_to_log_in(client_for, world, make_run):
    run = make_run()
    answer = client_for(None).get(page(run))
    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]


def test_reader_sees_no_forms_and_cannot_publish(world, browser, make_run, officer, client_for):
    run = make_run()
    client = client_for(officer("01560", role="reader"))
    assert page(run, "publish_run") not in client.get(page(run)).content.decode()
    answer = client.post(page(run, "publish_run"), {"sharing": "own"})
    assert answer.status_code == 409
    with transaction_as(world.owner):
        assert not Publication.objects.filter(run=run).exists()


def test_provenance_is_json_with_checksums(browser, make_run):
    run = make_run()
    source = json.loads(browser("takinoue").get(page(run, "run_provenance")).content)
    assert source["run"] == str(run.pk)
    assert all(len(product["sha256"]) == 64 for product in source["products"])


def test_shared_run_page_stays_with_its_municipality(world, browser, make_run):
    """The rows are shared, the batch behind the page is not."""
    run = make_run()
    with acting_as(world.owner):
        services.publish(run, "public")
    assert browser("nishiokoppe").get(page(run)).status_code == 404
    assert browser("hokkaido").get(page(run)).status_code == 200


def test_failed_run_says_why_the_map_did_not_change(world, browser, make_run):
    run, _result = make_run(store=False)
    with transaction_as(world.owner):
        Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED)
    assert "地図は変わっていません" in browser("takinoue").get(page(run)).content.decode()
