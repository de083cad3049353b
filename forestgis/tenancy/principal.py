"""On whose behalf the database is asked: an organisation, a person, and what they may do.

The principal is stated in Python and enforced in PostgreSQL: the database
wrapper puts it, signed, into every transaction, and the policies of the tables
decide what it sees. Outside a transaction, or without a principal, nothing of a
municipality is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

Kind = Literal["public", "municipal", "prefecture", "login"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts.

    Attributes
    ----------
    kind : {"public", "municipal", "prefecture", "login"}
        ``public`` sees what is shared with everybody; ``municipal`` the rows of `codes` and
        what is shared with them; ``prefecture`` all rows; ``login`` no forest data at all, but
        the accounts, and is used only while somebody proves who they are.
    codes : tuple of str
        Five-digit codes of municipalities.
    user_id, organisation_id : int or None
    can_write : bool
        False for readers and for tokens with the scope "read".
    is_administrator : bool
        Whether the person administers the organisation's people and reads its audit trail.
    """

    kind: Kind
    codes: tuple[str, ...] = ()
    user_id: int | None = None
    organisation_id: int | None = None
    can_write: bool = False
    is_administrator: bool = False

    def __post_init__(self) -> None:
        if self.kind not in {"public", "municipal", "prefecture", "login"}:
            raise ValueError(f"no such kind of principal: {self.kind!r}")
        for code in self.codes:
            if len(code) != 5 or not code.isascii() or not code.isdigit():
                raise ValueError(f"not a five-digit municipality code: {code!r}")

    def may_write_for(self, municipality_code: str) -> bool:
        """Whether the policies let it write a municipality's rows."""
        return self.can_write and (self.kind == "prefecture" or municipality_code in self.codes)


class NoPrincipalError(RuntimeError):
    """Code that needs to know on whose behalf it acts was called without a principal."""


PUBLIC = Principal("public")
LOGIN = Principal("login")

_current: ContextVar[Principal | None] = ContextVar("forestgis_principal", default=None)


def stated() -> Principal | None:
    """Return the principal of this context, or None."""
    return _current.get()


def current() -> Principal:
    """Return the principal of this context.

    Raises
    ------
    NoPrincipalError
        If there is none: a request always has one, a command states one with `acting_as`.
    """
    principal = _current.get()
    if principal is None:
        raise NoPrincipalError(
            "no principal is stated here; wrap the code in acting_as(principal), see docs/tenancy.md"
        )
    return principal


@contextmanager
def acting_as(principal: Principal | None) -> Iterator[None]:
    """Act on behalf of `principal` in the block, in transactions already open as well."""
    before = _current.set(principal)
    try:
        yield
    finally:
        _current.reset(before)


@contextmanager
def transaction_as(principal: Principal, using: str = "default") -> Iterator[None]:
    """Open a transaction (or savepoint) in which `principal` acts."""
    with acting_as(principal), transaction.atomic(using=using):
        yield
