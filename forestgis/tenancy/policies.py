"""Row-level security as migration operations: one line a table says whose rows it holds.

Every operation switches row-level security on and forces it on the owner, gives
the web role its rights, and adds one policy for each of them; a table has one
policy for a role and a command, so that none can be lost unnoticed
(`forestgis.tenancy.leaks`). The functions of the schema ``tenancy`` are called
in sub-selects, which PostgreSQL evaluates once a statement and not once a row.

The column `municipality_code` must be varchar: comparing char(5) with the text
of the principal would not use its index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forestgis.tenancy.operations import TableOperation

# Compared inside the sub-select, once a statement: outside it would be compared for every row.
PREFECTURE = "(SELECT tenancy.kind() = 'prefecture')"
MUNICIPAL = "(SELECT tenancy.kind()) = 'municipal'"
ANYBODY = "(SELECT tenancy.kind()) IN ('public', 'municipal', 'prefecture')"
MAY_WRITE = "(SELECT tenancy.can_write())"
ADMINISTERS = "(SELECT tenancy.is_administrator())"
_CODES = "(SELECT tenancy.codes())::text[]"


def own_rows(column: str = "municipality_code") -> str:
    """Return SQL that is true for rows of the principal's municipalities, and for the prefecture."""
    return f"({column} = any({_CODES}) OR {PREFECTURE})"


def shared_rows(column: str = "municipality_code") -> str:
    """Return SQL of the sharing levels, over the columns `sharing` and `shared_with`.

    public
        everybody
    municipalities
        every municipality
    named
        the municipalities of `shared_with`
    own
        the row's municipality (and the prefecture, which sees all)
    prefecture
        the prefecture alone
    """
    return (
        f"({PREFECTURE}"
        f" OR ({column} = any({_CODES}) AND sharing <> 'prefecture')"
        f" OR (sharing = 'public' AND {ANYBODY})"
        f" OR (sharing = 'municipalities' AND {MUNICIPAL})"
        f" OR (sharing = 'named' AND shared_with::text[] && {_CODES}))"
    )


class ProtectedTable(TableOperation):
    """Row-level security on a table with one SQL condition for reading and one for each way of writing.

    Parameters
    ----------
    table : str
        Name in schema public.
    read : str
        Rows the web role sees; the map role too, once `MapReadable` grants it columns.
    insert, update, delete : str or None
        Rows it may write; None leaves the right out.
    update_columns : sequence of str
        Columns it may update; all of them if empty.
    """

    def __init__(
        self,
        table: str,
        *,
        read: str,
        insert: str | None = None,
        update: str | None = None,
        delete: str | None = None,
        update_columns: Sequence[str] = (),
    ) -> None:
        self.table = table
        self.read = read
        self.insert = insert
        self.update = update
        self.delete = delete
        self.update_columns = tuple(update_columns)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what rebuilds the operation."""
        options: dict[str, Any] = {
            "read": self.read,
            "insert": self.insert,
            "update": self.update,
            "delete": self.delete,
            "update_columns": self.update_columns,
        }
        return "ProtectedTable", [self.table], options

    def undoing(self) -> list[str]:
        """Return the SQL that takes the rights away and leaves the table closed."""
        return [
            f"REVOKE ALL ON {self.table} FROM forestgis_web",
            *(
                f"DROP POLICY IF EXISTS {command}_rows ON {self.table}"
                for command in ("read", "insert", "update", "delete")
            ),
        ]

    def describe(self) -> str:
        """Return the line that `migrate` shows."""
        return f"Row-level security on {self.table}"

    def statements(self) -> list[str]:
        """Return the SQL, statement by statement."""
        readers = "forestgis_web, forestgis_map"
        made = [
            f"ALTER TABLE {self.table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {self.table} FORCE ROW LEVEL SECURITY",
            f"GRANT SELECT ON {self.table} TO forestgis_web",
            f"CREATE POLICY read_rows ON {self.table} FOR SELECT TO {readers} USING ({self.read})",
        ]
        if self.insert:
            made += self._right("INSERT", f"WITH CHECK ({self.insert})")
        if self.update:
            rows = f"USING ({self.update}) WITH CHECK ({self.update})"
            made += self._right("UPDATE", rows, self.update_columns)
        if self.delete:
            made += self._right("DELETE", f"USING ({self.delete})")
        return made

    def _right(self, command: str, rows: str, columns: Sequence[str] = ()) -> list[str]:
        named = f" ({', '.join(columns)})" if columns else ""
        policy = f"CREATE POLICY {command.lower()}_rows ON {self.table} FOR {command}"
        return [
            f"GRANT {command}{named} ON {self.table} TO forestgis_web",
            f"{policy} TO forestgis_web {rows}",
        ]


class TenantTable(ProtectedTable):
    """Protect a table whose rows belong to one municipality each.

    Its own rows are read and, with the right to write, written; the prefecture reads and
    writes all.

    Parameters
    ----------
    table : str
        Name in schema public.
    also_read : str, optional
        Further rows that may be read, as SQL: ``run_id = any((SELECT surveys_shared_runs())::uuid[])``.
    column : str
        The column with the municipality's code.
    """

    def __init__(
        self, table: str, *, also_read: str | None = None, column: str = "municipality_code"
    ) -> None:
        own = own_rows(column)
        write = f"{own} AND {MAY_WRITE}"
        read = f"{own} OR {also_read}" if also_read else own
        super().__init__(table, read=read, insert=write, update=write, delete=write)


class SharedTable(ProtectedTable):
    """Protect a table whose rows carry their own sharing level (`sharing`, `shared_with`).

    A municipality writes its own rows, except those that only the prefecture may see.
    """

    def __init__(self, table: str, *, column: str = "municipality_code") -> None:
        own = f"({PREFECTURE} OR ({column} = any({_CODES}) AND sharing <> 'prefecture'))"
        write = f"{own} AND {MAY_WRITE}"
        super().__init__(table, read=shared_rows(column), insert=write, update=write, delete=write)


class PublicTable(ProtectedTable):
    """Protect a table that everybody reads and the prefecture writes."""

    def __init__(self, table: str) -> None:
        write = f"{PREFECTURE} AND {MAY_WRITE}"
        super().__init__(table, read="true", insert=write, update=write, delete=write)


class MapReadable(TableOperation):
    """Let the map roles read named columns of a protected table, or of a view.

    The role of the prefecture's maps sees every row without a further condition, so that
    the spatial index comes first; who connects as it is the application's business.

    Parameters
    ----------
    table : str
        Table or view in schema public.
    columns : sequence of str
        What the maps need; never a personal column.
    view : bool
        A view has no policies of its own.
    """

    def __init__(self, table: str, columns: Sequence[str], *, view: bool = False) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.view = view

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what rebuilds the operation."""
        return "MapReadable", [self.table, self.columns], {"view": self.view}

    def statements(self) -> list[str]:
        """Return the SQL, statement by statement."""
        granted = (
            f"GRANT SELECT ({', '.join(self.columns)}) ON {self.table} "
            "TO forestgis_map, forestgis_map_prefecture"
        )
        policy = (
            f"CREATE POLICY prefecture_map_rows ON {self.table} FOR SELECT "
            "TO forestgis_map_prefecture USING (true)"
        )
        return [granted] if self.view else [granted, policy]

    def undoing(self) -> list[str]:
        """Return the SQL that takes the columns away."""
        revoked = f"REVOKE ALL ON {self.table} FROM forestgis_map, forestgis_map_prefecture"
        policy = f"DROP POLICY prefecture_map_rows ON {self.table}"
        return [revoked] if self.view else [policy, revoked]

    def describe(self) -> str:
        """Return the line that `migrate` shows."""
        return f"Maps may read {self.table}"
