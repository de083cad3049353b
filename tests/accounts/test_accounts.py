"""Login, tokens, and what people and programs are answered."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection
from django.test import Client
from django.utils import timezone

from forestgis.accounts import services
from forestgis.accounts.models import ApiToken, User
from forestgis.accounts.principals import principal_of
from forestgis.tenancy.principal import LOGIN, PUBLIC, acting_as, transaction_as

HERE, THERE = "01560", "01559"
PASSWORD = "correct horse battery"
# An address for programs that needs nothing but a login.
API = "/jobs/00000000-0000-0000-0000-000000000000.json"


@pytest.fixture(scope="module")
def person(municipality, make_user):
    return make_user(municipality(HERE), "municipal_officer", PASSWORD)


@pytest.fixture(scope="module")
def neighbour(officer):
    return officer(THERE)


@pytest.fixture
def token(person):
    """A token of the person, made as the person."""
    with acting_as(principal_of(person)):
        return services.create_token(person, "QGIS", scopes=["read"], days=30)


def basic(username: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def status(headers: dict[str, str], path: str = API) -> int:
    """401 when refused; 404 when let in, for there is no such job."""
    return Client().get(path, headers=headers).status_code


def stored(token: ApiToken) -> ApiToken:
    with transaction_as(LOGIN):
        return ApiToken.objects.get(pk=token.pk)


def test_logging_in_and_out(person):
    client = Client()
    assert client.get("/account/tokens/").url.startswith("/login/?next=")
    page = client.get("/login/")
    assert page.status_code == 200
    wrong = client.post("/login/", {"username": person.username, "password": PASSWORD + "x"})
    assert wrong.status_code == 200
    assert "_auth_user_id" not in client.session
    right = client.post(
        "/login/?next=/account/tokens/",
        {"username": person.username, "password": PASSWORD, "next": "/account/tokens/"},
    )
    assert right.url == "/account/tokens/"
    assert client.get("/account/tokens/").status_code == 200
    with transaction_as(LOGIN):
        assert timezone.now() - User.objects.get(pk=person.pk).last_login < timedelta(minutes=1)
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert client.get("/account/tokens/").status_code == 302


def test_login_does_not_lead_to_other_sites(person):
    answer = Client().post(
        "/login/",
        {"username": person.username, "password": PASSWORD, "next": "https://example.org/"},
    )
    assert answer.url == "/map/"


def test_session_cookie_is_kept_from_scripts(person):
    client = Client()
    answer = client.post("/login/", {"username": person.username, "password": PASSWORD})
    cookie = answer.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_an_inactive_person_is_out_at_once(municipality, make_user, client_for, host_principal):
    user = make_user(municipality(HERE), "municipal_officer", PASSWORD)
    client = client_for(user)
    assert client.get("/account/tokens/").status_code == 200
    with acting_as(principal_of(user)):
        secret = services.create_token(user, "x", scopes=["read"], days=1).secret
    with transaction_as(host_principal):
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/account/tokens/").status_code == 302
    assert status(bearer(secret)) == 401
    assert (
        Client().post("/login/", {"username": user.username, "password": PASSWORD}).status_code
        == 200
    )


def test_a_token_works_as_bearer_and_as_basic(person, token):
    assert status(bearer(token.secret)) == 404
    assert status(basic(person.username, token.secret)) == 404
    assert stored(token.token).last_used_at is not None


def test_wrong_credentials_are_refused(person, neighbour, token):
    for headers in (
        {},
        bearer(token.secret + "x"),
        bearer(""),
        basic(neighbour.username, token.secret),
        basic("", token.secret),
        basic(person.username, PASSWORD),
        {"Authorization": "Basic ###"},
        {"Authorization": "Digest x"},
    ):
        assert status(headers) == 401, headers


def test_wrong_credentials_are_refused_even_with_a_session(client_for, person):
    assert client_for(person).get(API, headers=bearer("x")).status_code == 401


def test_programs_are_challenged_and_never_redirected(database):
    for path in (API, "/wms?SERVICE=WMS", "/wfs?SERVICE=WFS", "/maps/layers.json"):
        answer = Client().get(path)
        assert answer.status_code == 401, path
        assert answer["WWW-Authenticate"].startswith('Basic realm="forestgis"')
        assert "Bearer" in answer["WWW-Authenticate"]


def test_a_browser_is_not_offered_basic(database):
    answer = Client().get(API, headers={"Sec-Fetch-Mode": "cors"})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="forestgis"'


def test_an_expired_token_is_refused(person):
    with acting_as(principal_of(person)):
        made = services.create_token(person, "old", scopes=["read"], days=0)
    assert status(bearer(made.secret)) == 401
    assert stored(made.token).last_used_at is None


def test_a_revoked_token_is_refused(person, token):
    with acting_as(principal_of(person)):
        services.revoke_token(token.token)
    assert status(bearer(token.secret)) == 401


def test_only_the_hash_is_stored(token):
    assert re.fullmatch("[0-9a-f]{64}", stored(token.token).token_hash)
    assert token.secret not in str(vars(stored(token.token)))


def test_the_token_page(client_for, person, neighbour):
    client = client_for(person)
    page = client.post("/account/tokens/", {"name": "机", "scope": "edit", "days": "30"})
    secret = re.search(r'id="new-token">(fgis_[\w-]+)<', page.content.decode()).group(1)
    assert status(basic(person.username, secret)) == 404
    assert secret not in client.get("/account/tokens/").content.decode()
    with transaction_as(LOGIN):
        made = ApiToken.objects.get(token_hash=ApiToken.hash_of(secret))
    assert made.may_edit
    assert client_for(neighbour).post(f"/account/tokens/{made.pk}/revoke").status_code == 404
    assert client.post(f"/account/tokens/{made.pk}/revoke").status_code == 302
    assert status(bearer(secret)) == 401
    assert "取消済み" in client.get("/account/tokens/").content.decode()


def test_the_token_page_checks_its_form(client_for, person, officer):
    assert (
        "new-token"
        not in client_for(person)
        .post("/account/tokens/", {"name": "", "scope": "read", "days": "30"})
        .content.decode()
    )
    reader = client_for(officer(HERE, "reader"))
    page = reader.post("/account/tokens/", {"name": "x", "scope": "edit", "days": "30"})
    assert "new-token" not in page.content.decode()


def test_a_token_makes_no_tokens(person, token):
    assert status(bearer(token.secret), "/account/tokens/") == 403


def test_forms_are_protected_and_tokens_need_no_form(person, token):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert strict.post(API[:-5] + "/cancel").status_code == 403
    assert (
        Client(enforce_csrf_checks=True)
        .post(API[:-5] + "/cancel", headers=bearer(token.secret))
        .status_code
        == 404
    )


def test_scope_narrows_the_principal(person):
    assert principal_of(person).can_write
    assert not principal_of(person, may_edit=False).can_write
    assert principal_of(person).codes == (HERE,)


@pytest.mark.parametrize(
    ("kind", "role", "expected"),
    [
        ("prefecture", "prefecture_admin", ("prefecture", (), True)),
        ("prefecture", "reader", ("prefecture", (), False)),
        ("operator", "operator", ("public", (), False)),
        ("contractor", "analyst", ("public", (), False)),
    ],
)
def test_principals_by_organisation(organisation, make_user, kind, role, expected):
    principal = principal_of(make_user(organisation(kind), role))
    assert (principal.kind, principal.codes, principal.can_write) == expected


def usernames() -> set[str]:
    return set(User.objects.values_list("username", flat=True))


def test_people_see_their_own_organisation(person, neighbour, prefecture_user):
    with transaction_as(principal_of(person)):
        assert person.username in usernames()
        assert neighbour.username not in usernames()
    with transaction_as(principal_of(prefecture_user)):
        assert {person.username, neighbour.username} <= usernames()
    with transaction_as(PUBLIC):
        assert usernames() == set()
    assert usernames() == set()


def test_nobody_raises_the_own_rights(person):
    """What injected SQL of a logged-in person would try."""
    with transaction_as(principal_of(person)), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET role = 'prefecture_admin'")
        assert cursor.rowcount == 0
    forbidden = "UPDATE accounts_apitoken SET expires_at = 'infinity'"
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction_as(principal_of(person)),
    ):
        connection.cursor().execute(forbidden)


def test_tokens_are_made_for_oneself_only(person, neighbour, officer):
    with pytest.raises(ProgrammingError, match="row-level"), acting_as(principal_of(person)):
        services.create_token(neighbour, "x", scopes=["read"], days=1)
    reader = officer(HERE, "reader")
    with pytest.raises(ProgrammingError, match="row-level"), acting_as(principal_of(reader)):
        services.create_token(reader, "x", scopes=["read", "edit"], days=1)


def test_a_view_that_fails_leaves_nothing_behind(person, settings):
    """The transaction of a request is undone when Django has made an answer of the exception."""
    from django.urls import path

    def failing(request):
        services.create_token(person, "left behind", scopes=["read"], days=1)
        raise ZeroDivisionError

    urls = type("urls", (), {"urlpatterns": [path("failing", failing)]})
    settings.ROOT_URLCONF = urls
    client = Client(raise_request_exception=False)
    client.force_login(person)
    assert client.get("/failing").status_code == 500
    with transaction_as(LOGIN):
        assert not ApiToken.objects.filter(name="left behind").exists()


def test_every_answer_is_numbered_and_private(client_for, person):
    answer = client_for(person).get("/account/tokens/", headers={"X-Request-ID": "abcdef-12345678"})
    assert answer["X-Request-ID"] == "abcdef-12345678"
    assert "private" in answer["Cache-Control"]
    assert {"Cookie", "Authorization"} <= set(answer["Vary"].split(", "))
    assert re.fullmatch(
        "[0-9a-f]{32}", Client().get(API, headers={"X-Request-ID": "a b"})["X-Request-ID"]
    )


def test_programs_may_not_keep_an_answer(token):
    """QGIS's disk cache, shared by two users of one PC, looks neither at Vary nor at no-cache."""
    answer = Client().get(API, headers=bearer(token.secret))
    assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")


def test_health_needs_no_login(database):
    assert Client().get("/health/").json() == {"status": "ok"}
