"""Search and card of the register on a million fictitious 小班, and what row-level security costs.

A prefectural administrator and a municipal officer ask what people ask: numbers, lots, filters
common and rare, every order, pages far down the list. Server time is that of the whole request
(session, principal, form, query, page) inside this process; each is repeated and its median taken,
the 95th percentile is that over the different requests. Beside the time by the clock, which
suffers from whatever else the machine does, stands the CPU time of process and database session.
The cost of row-level security is the CPU time of the page's own statements as the web role over
that of the same ones as the superuser, whom it does not bind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import psycopg2

from bench.databases import admin_address, use_register
from bench.measure import say
from bench.register_import import in_own_process

ROWS = 1_000_000
#: 小班 of the register that is brought in.
IMPORTED = 100_000
REPEATS = 7
TOWN = "01560"
PASSWORD = "not-used-to-log-in"  # noqa: S105 - nobody can log in to a measurement

EVERYWHERE = (
    "",
    "q=12-34",
    "q=9-",
    "q=滝上町 12-3",
    "sort=-area",
    "sort=area",
    "sort=-broadleaf",
    "species=17",
    "species=26&sort=-broadleaf",
    "species=22&age_class_min=3&age_class_max=4",
    "species=98&broadleaf_min_m3ha=150&sort=-area",
    "species=49&protection=13",
    "protection=14",
    "forest_type=5",
    "age_class_min=20",
    "area_min_ha=15",
    "broadleaf_min_m3ha=300&sort=broadleaf",
    f"municipality={TOWN}",
    f"municipality={TOWN}&sort=-age",
    f"municipality={TOWN}&lot=123-4",
)
AT_HOME = (
    "",
    "q=12-3",
    "q=川上",
    "lot=123-4",
    "species=98&any_storey=on",
    "species=17&age_class_min=10",
    "sort=-age",
    "sort=-area",
    "protection=11&broadleaf_min_m3ha=100",
)


def users() -> tuple[Any, Any]:
    """Return an administrator of the prefecture and an officer of a municipality."""
    from forestgis.accounts.models import Organisation, User
    from forestgis.registry.operator import OPERATOR
    from forestgis.tenancy.principal import transaction_as

    made = []
    with transaction_as(OPERATOR):
        for kind, code, role in (
            ("prefecture", None, "prefecture_admin"),
            ("municipality", TOWN, "municipal_officer"),
        ):
            organisation, _new = Organisation.objects.get_or_create(
                kind=kind, code5=code, defaults={"name": f"bench {kind}"}
            )
            user = User.objects.filter(username=f"bench-{kind}").first()
            made.append(
                user
                or User.objects.create_user(
                    f"bench-{kind}", PASSWORD, organisation=organisation, role=role
                )
            )
    return made[0], made[1]


def keycodes() -> list[str]:
    """Return KEYCODEs from all over the register."""
    from forestgis.registry.models import Summary
    from forestgis.registry.operator import OPERATOR
    from forestgis.tenancy.principal import transaction_as

    with transaction_as(OPERATOR):
        first = Summary.objects.order_by("pk").values_list("pk", flat=True)[0]
        wanted = [first + step * (ROWS // 20) for step in range(20)]
        return list(Summary.objects.filter(pk__in=wanted).values_list("keycode", flat=True))


def session_cpu_s(pid: int) -> float:
    """Return the CPU time that a process, here a database session, has used."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


@dataclass(frozen=True, slots=True)
class Time:
    """Median of a repeated piece of work."""

    clock_ms: float
    cpu_ms: float


def repeated(ask: Callable[[], Any], pid: int) -> Time:
    """Time a call after one that is not counted.

    Parameters
    ----------
    pid : int
        Of the database session that works for it.
    """
    ask()
    clock, cpu = [], []
    for _repeat in range(REPEATS):
        began, used = perf_counter(), process_time() + session_cpu_s(pid)
        ask()
        cpu.append(process_time() + session_cpu_s(pid) - used)
        clock.append(perf_counter() - began)
    return Time(float(np.median(clock)) * 1000, float(np.median(cpu)) * 1000)


def requests(user: Any, addresses: Iterable[str]) -> dict[str, Time]:  # noqa: ANN401
    """Return the server time of each address for a person."""
    from django.db import connection
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(user)

    def ask(address: str) -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")

    with connection.cursor() as cursor:
        pid = session_of(cursor)
    return {
        f"{address} {user.role}": repeated(lambda a=address: ask(a), pid) for address in addresses
    }


def session_of(cursor: Any) -> int:  # noqa: ANN401
    """Return the process of a cursor's database session."""
    cursor.execute("SELECT pg_backend_pid()")
    return int(cursor.fetchone()[0])


def far_page(user: Any) -> str:  # noqa: ANN401
    """Return the address of a page in the middle of the whole list."""
    from forestgis.accounts.principals import principal_of
    from forestgis.registry.models import Municipality
    from forestgis.tenancy.principal import transaction_as

    with transaction_as(principal_of(user)):
        codes = list(Municipality.objects.values_list("code", flat=True))
    return f"after={codes[len(codes) // 2]}~2024~40~7~0"


def rls_overhead(user: Any, searches: Iterable[str]) -> float:  # noqa: ANN401
    """Return the CPU time of all searches as the web role over that as the superuser."""
    from django.db import connection
    from django.http import QueryDict

    from forestgis.accounts.principals import principal_of
    from forestgis.registry.forms import SearchForm
    from forestgis.registry.search_selectors import PAGE_ROWS, ordered, planned_for
    from forestgis.tenancy.principal import transaction_as

    bound, free = 0.0, 0.0
    with (
        closing(psycopg2.connect(admin_address())) as admin,
        admin.cursor() as by_admin,
        transaction_as(principal_of(user)),
        connection.cursor() as by_web,
    ):
        for search in searches:
            form = SearchForm(QueryDict(search))
            if not form.is_valid():
                raise SystemExit(f"{search}: {form.errors}")
            rows = ordered(form.criteria(), form.cleaned_data["sort"])[: PAGE_ROWS + 1]
            sql, params = rows.query.sql_with_params()
            with planned_for(form.criteria()):
                by_web.execute("SHOW enable_bitmapscan")
                by_admin.execute(
                    "SELECT set_config('enable_bitmapscan', %s, true)", by_web.fetchone()
                )
                bound += statement_ms(by_web, sql, params)
            free += statement_ms(by_admin, sql, params)
    return bound / free


def statement_ms(cursor: Any, sql: str, params: Any) -> float:  # noqa: ANN401
    """Return the CPU time of a statement in its session."""
    pid = session_of(cursor)
    cpu = []
    for _repeat in range(2 * REPEATS + 1):
        used = session_cpu_s(pid)
        cursor.execute(sql, params)
        cursor.fetchall()
        cpu.append(session_cpu_s(pid) - used)
    return float(np.median(cpu[1:])) * 1000


def percentile(times: Iterable[Time], kind: str) -> float:
    """Return the 95th percentile of one kind of time."""
    return round(float(np.percentile([getattr(time, kind) for time in times], 95)), 1)


def main() -> None:
    """Print the figures; with --verbose each request's times on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    use_register(options.rows)
    prefecture, officer = users()
    everywhere = (*EVERYWHERE, far_page(prefecture))
    search = requests(prefecture, (f"/register/?{q}" for q in everywhere)) | requests(
        officer, (f"/register/?{q}" for q in AT_HOME)
    )
    card = requests(prefecture, (f"/card/{key}/" for key in keycodes()))
    if options.verbose:
        for name, time in sorted((search | card).items(), key=lambda item: -item[1].cpu_ms):
            sys.stderr.write(f"{time.clock_ms:8.1f} ms {time.cpu_ms:8.1f} ms CPU  {name}\n")
    say(
        {
            "rows": options.rows,
            "search_p95_ms": percentile(search.values(), "clock_ms"),
            "search_p95_cpu_ms": percentile(search.values(), "cpu_ms"),
            "card_p95_ms": percentile(card.values(), "clock_ms"),
            "card_p95_cpu_ms": percentile(card.values(), "cpu_ms"),
            "rls_overhead_ratio": round(rls_overhead(prefecture, EVERYWHERE), 2),
            "rls_overhead_ratio_municipal": round(rls_overhead(officer, AT_HOME), 2),
            **in_own_process(IMPORTED, options.rows),
        }
    )


if __name__ == "__main__":
    main()
