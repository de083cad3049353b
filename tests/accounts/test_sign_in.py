"""Signing in: lock-out, second factor, and who looks after whose accounts."""

import re
import time

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from forestgis.accounts import people, second_factor
from forestgis.accounts.models import Organisation, User
from forestgis.accounts.principals import principal_of
from forestgis.audit.selectors import history_of
from forestgis.tenancy.principal import LOGIN, Principal, transaction_as

PASSWORD = "long enough for the rules"
LOGIN_PAGE = "/login/"


@pytest.fixture
def person(municipality, make_user):
    return make_user(municipality("01560"), "municipal_officer", PASSWORD)


@pytest.fixture
def boss(municipality, make_user):
    return make_user(municipality("01560"), "municipal_admin", PASSWORD)


def try_login(user, password=PASSWORD, *, address="10.0.0.1", client=None):
    client = client or Client()
    return client.post(
        LOGIN_PAGE, {"username": user.username, "password": password}, REMOTE_ADDR=address
    )


def test_five_wrong_passwords_lock_name_and_address_and_nobody_else(person, boss):
    for _ in range(4):
        assert try_login(person, "wrong").status_code == 200
    locked = try_login(person, "wrong")
    assert locked.status_code == 429
    assert "15分" in locked.content.decode()
    assert try_login(person).status_code == 429  # the right password does not help now
    assert try_login(person, address="10.0.0.2").status_code == 302
    assert try_login(boss).status_code == 302


def test_an_administrator_ends_a_lockout(client_for, person, boss):
    for _ in range(5):
        try_login(person, "wrong")
    assert client_for(boss).post(reverse("accounts:unlock", args=[person.pk])).status_code == 302
    assert try_login(person).status_code == 302


def test_a_success_forgets_failures(person):
    for _ in range(4):
        try_login(person, "wrong")
    assert try_login(person).status_code == 302
    assert try_login(person, "wrong").status_code == 200


@pytest.mark.parametrize("weak", ["short1!", "1234567890123", "password1234"])
def test_weak_passwords_are_refused(client_for, person, weak):
    answer = client_for(person).post(
        reverse("accounts:password"),
        {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak},
    )
    assert answer.status_code == 200
    assert try_login(person, weak).status_code == 200


def test_changing_the_own_password_keeps_the_session_and_is_written_down(client_for, person):
    client = client_for(person)
    new = "another long passphrase"
    answer = client.post(
        reverse("accounts:password"),
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
        follow=True,
    )
    assert "パスワードを変えました" in answer.content.decode()
    assert try_login(person, new).status_code == 302
    with transaction_as(Principal("prefecture", is_administrator=True)):
        last = history_of("accounts_user", person.pk)[0]
    assert (last.user_id, last.after) == (person.pk, {"password": "***"})


# --- second factor -------------------------------------------------------------------


def code_of(user, *, ahead=0):
    with transaction_as(LOGIN):
        device = TOTPDevice.objects.get(user=user)
        # Each code works once: a test needs the next one without waiting for it.
        TOTPDevice.objects.filter(user=user).update(last_t=-1, throttling_failure_count=0)
    return f"{totp(device.bin_key, step=30, t0=ahead * -30):06d}"


def enrol(client, user):
    page = client.get(reverse("accounts:second_factor")).content.decode()
    assert "data:image/svg+xml" in page
    answer = client.post(reverse("accounts:second_factor"), {"code": code_of(user)})
    return re.findall(r"<li>\s*<code>(\w+)</code>", answer.content.decode())


def test_a_login_with_second_factor_needs_the_code(client_for, person):
    recovery = enrol(client_for(person), person)
    assert len(set(recovery)) == second_factor.RECOVERY_CODES
    client = Client()
    answer = try_login(person, client=client)
    assert answer["Location"] == reverse("accounts:login_code")
    assert client.get("/account/tokens/").status_code == 302  # not in yet
    wrong = client.post(answer["Location"], {"code": "000000"})
    assert "確認コードが違います" in wrong.content.decode()
    right = client.post(answer["Location"], {"code": code_of(person)})
    assert right["Location"] == "/map/"
    assert client.get("/account/tokens/").status_code == 200


def test_a_recovery_code_works_once(client_for, person):
    recovery = enrol(client_for(person), person)
    for expected in (302, 200):
        client = Client()
        answer = try_login(person, client=client)
        assert client.post(answer["Location"], {"code": recovery[0]}).status_code == expected


def test_without_the_password_there_is_no_code_page(person):
    assert Client().get(reverse("accounts:login_code"))["Location"] == LOGIN_PAGE


def test_the_time_for_the_code_runs_out(client_for, person, monkeypatch):
    enrol(client_for(person), person)
    client = Client()
    answer = try_login(person, client=client)
    later = time.time() + 600
    monkeypatch.setattr("forestgis.accounts.views.time.time", lambda: later)
    assert client.post(answer["Location"], {"code": "1"})["Location"] == LOGIN_PAGE


def test_administrators_must_have_it_where_the_service_asks(client_for, boss, person, settings):
    settings.FORESTGIS_ADMIN_SECOND_FACTOR = True
    client = client_for(boss)
    assert client.get("/account/people/")["Location"] == reverse("accounts:second_factor")
    assert client.get("/jobs/00000000-0000-0000-0000-000000000000.json").status_code == 401
    enrol(client, boss)
    assert client.get("/account/people/").status_code == 200
    assert client_for(person).get("/account/tokens/").status_code == 200


def test_secrets_are_seen_by_their_own_person_alone(client_for, person, boss, prefecture_user):
    enrol(client_for(person), person)
    for user, sees in ((person, True), (boss, False), (prefecture_user, False)):
        with transaction_as(principal_of(user)):
            assert TOTPDevice.objects.filter(user=person).exists() is sees
            assert StaticToken.objects.filter(device__user=person).exists() is sees


def test_it_is_switched_off_by_the_password_only(client_for, person):
    client = client_for(person)
    enrol(client, person)
    client.post(reverse("accounts:remove_second_factor"), {"password": "wrong"})
    assert second_factor.is_enrolled(person)
    client.post(reverse("accounts:remove_second_factor"), {"password": PASSWORD})
    assert not second_factor.is_enrolled(person)


# --- looking after people ------------------------------------------------------------


def test_an_administrator_adds_changes_and_stops_people(client_for, boss):
    client = client_for(boss)
    page = client.post(
        "/account/people/",
        {"username": f"new{boss.pk}", "name": "新人", "role": "municipal_officer", "email": ""},
    ).content.decode()
    password = re.search(r'<code class="secret">([^<]+)</code>', page)[1]
    with transaction_as(principal_of(boss)):
        new = User.objects.get(username=f"new{boss.pk}")
    assert try_login(new, password).status_code == 302
    address = reverse("accounts:person", args=[new.pk])
    client.post(address, {"name": "新人", "role": "reader"})  # is_active left out
    with transaction_as(principal_of(boss)):
        new.refresh_from_db()
    assert (new.role, new.is_active) == ("reader", False)
    assert try_login(new, password).status_code == 200
    with transaction_as(Principal("prefecture", is_administrator=True)):
        assert history_of("accounts_user", new.pk)[0].user_id == boss.pk


def test_a_taken_name_is_told_even_if_it_is_of_another_organisation(client_for, boss, officer):
    other = officer("01562")
    answer = client_for(boss).post(
        "/account/people/", {"username": other.username, "name": "x", "role": "reader"}
    )
    assert "この利用者名は使われています" in answer.content.decode()


def test_a_new_password_ends_everything_old(client_for, boss, person):
    enrol(client_for(person), person)
    page = client_for(boss).post(reverse("accounts:reset_password", args=[person.pk]))
    password = re.search(r'<code class="secret">([^<]+)</code>', page.content.decode())[1]
    assert try_login(person).status_code == 200
    assert try_login(person, password)["Location"] == "/map/"


@pytest.mark.parametrize("role", ["municipal_officer", "analyst", "reader"])
def test_others_look_after_nobody(client_for, officer, person, role):
    client = client_for(officer("01560", role))
    for address in ("/account/people/", "/account/organisations/", f"/account/people/{person.pk}/"):
        assert client.get(address).status_code == 403
    assert client.post(reverse("accounts:reset_password", args=[person.pk])).status_code == 403


def test_an_administrator_sees_the_own_organisation_only(client_for, boss, officer):
    client, other = client_for(boss), officer("01562")
    assert client.get(f"/account/people/{other.pk}/").status_code == 404
    with transaction_as(LOGIN):
        pk = other.organisation_id
    assert client.get("/account/people/", {"organisation": pk}).status_code == 404
    assert (
        client.post("/account/organisations/", {"kind": "operator", "name": "x"}).status_code == 403
    )


def test_the_prefecture_looks_after_all_and_adds_organisations(
    client_for, prefecture_user, officer
):
    client, other = client_for(prefecture_user), officer("01562")
    assert client.get(f"/account/people/{other.pk}/").status_code == 200
    client.post(
        "/account/organisations/",
        {"kind": "municipality", "name": "札幌市", "name_en": "Sapporo", "code5": "01100"},
    )
    with transaction_as(principal_of(prefecture_user)):
        made = Organisation.objects.get(code5="01100")
    assert made.code6 == "011002"  # 総務省の検査数字


ESCALATIONS = {
    "own role": lambda me, other: User.objects.filter(pk=me.pk).update(role="municipal_admin"),
    "prefecture's role": lambda me, other: User.objects.filter(pk=other.pk).update(
        role="prefecture_admin"
    ),
    "another's person": lambda me, other: User.objects.filter(organisation__code5="01562").update(
        is_active=False
    ),
}


@pytest.mark.parametrize("escalation", ESCALATIONS)
@pytest.mark.parametrize("administers", [True, False])
def test_the_database_refuses_what_the_pages_do_not_offer(
    boss, person, officer, escalation, administers
):
    officer("01562")
    actor = boss if administers else person
    try:
        with transaction_as(principal_of(actor)):
            changed = ESCALATIONS[escalation](actor, person if administers else boss)
    except DatabaseError:
        changed = 0
    assert changed == 0


def test_staff_of_the_prefecture_change_no_account(organisation, make_user, person):
    staff = make_user(organisation("prefecture"), "prefecture_staff")
    with transaction_as(principal_of(staff)):
        assert User.objects.filter(pk=person.pk).update(role="municipal_admin") == 0


def test_nobody_is_removed_by_own_hand(boss):
    with transaction_as(principal_of(boss)), pytest.raises(people.PeopleError):
        people.change(boss, name="x", role="reader", is_active=False)
