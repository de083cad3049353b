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

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

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


class ProtectedTable(Operation):
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

    category = OperationCategory.SQL
    reduces_to_sql = True
    reversible = True

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

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing that Django's models know of."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Switch the protection on."""
        for statement in self.statements():
            schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take the rights away and leave the table closed."""
        schema_editor.execute(f"REVOKE ALL ON {self.table} FROM forestgis_web")
        for command in ("read", "insert", "update", "delete"):
            schema_editor.execute(f"DROP POLICY IF EXISTS {command}_rows ON {self.table}")

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


class MapReadable(Operation):
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

    category = OperationCategory.SQL
    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, columns: Sequence[str], *, view: bool = False) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.view = view

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what rebuilds the operation."""
        return "MapReadable", [self.table, self.columns], {"view": self.view}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing that Django's models know of."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Grant the columns."""
        schema_editor.execute(
            f"GRANT SELECT ({', '.join(self.columns)}) ON {self.table} "
            "TO forestgis_map, forestgis_map_prefecture"
        )
        if not self.view:
            schema_editor.execute(
                f"CREATE POLICY prefecture_map_rows ON {self.table} FOR SELECT "
                "TO forestgis_map_prefecture USING (true)"
            )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take them away."""
        if not self.view:
            schema_editor.execute(f"DROP POLICY prefecture_map_rows ON {self.table}")
        schema_editor.execute(
            f"REVOKE ALL ON {self.table} FROM forestgis_map, forestgis_map_prefecture"
        )

    def describe(self) -> str:
        """Return the line that `migrate` shows."""
        return f"Maps may read {self.table}"


class Audited(Operation):
    """Write every change of a table's rows to the audit trail (`forestgis.audit`).

    The migration depends on ``("audit", "0001_initial")``. Changes are written row by row; more
    than 1,000 new or removed rows of one statement are one entry a municipality.

    Parameters
    ----------
    table : str
        Name in schema public.
    key : str
        Column that names a row.
    municipality : str
        Column with the municipality's code; empty where rows belong to none.
    ignored : sequence of str
        Columns that are not worth an entry: times of last use, progress.
    masked : sequence of str
        Columns of which only the fact of a change is written: hashes, secrets.
    confidential : bool
        True for personal data and accounts: only administrators read the entries.
    """

    category = OperationCategory.SQL
    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        table: str,
        *,
        key: str = "id",
        municipality: str = "municipality_code",
        ignored: Sequence[str] = (),
        masked: Sequence[str] = (),
        confidential: bool = False,
    ) -> None:
        self.table = table
        self.key = key
        self.municipality = municipality
        self.ignored = tuple(ignored)
        self.masked = tuple(masked)
        self.confidential = confidential

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what rebuilds the operation."""
        options: dict[str, Any] = {
            "key": self.key,
            "municipality": self.municipality,
            "ignored": self.ignored,
            "masked": self.masked,
            "confidential": self.confidential,
        }
        return "Audited", [self.table], options

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing that Django's models know of."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Put the triggers on the table."""
        for statement in self.statements():
            schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take the triggers away; what was written stays."""
        for command in _TRANSITIONS:
            schema_editor.execute(f"DROP TRIGGER audit_{command} ON {self.table}")

    def describe(self) -> str:
        """Return the line that `migrate` shows."""
        return f"Audit trail of {self.table}"

    def statements(self) -> list[str]:
        """Return the SQL, statement by statement."""
        texts = (
            self.key,
            self.municipality,
            ",".join(self.ignored),
            ",".join(self.masked),
            str(self.confidential).lower(),
        )
        arguments = ", ".join(f"'{text}'" for text in texts)
        return [
            f"CREATE TRIGGER audit_{command} AFTER {command.upper()} ON {self.table} "
            f"REFERENCING {transition} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION tenancy.audit_changes({arguments})"
            for command, transition in _TRANSITIONS.items()
        ]


_TRANSITIONS = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}


class Counted(Operation):
    """Raise the revision of a topic with every change of a table (`forestgis.tenancy.revisions`).

    The migration depends on ``("tenancy", "0003_revision")``.

    Parameters
    ----------
    table : str
        Name in schema public.
    topic : str
        What readers ask the revision of; tables may share one.
    ignored : sequence of str
        Columns whose change alone does not count: times of last use. Rows are then compared one by one, so that this
        is for small tables.
    """

    category = OperationCategory.SQL
    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, topic: str, *, ignored: Sequence[str] = ()) -> None:
        self.table = table
        self.topic = topic
        self.ignored = tuple(ignored)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what rebuilds the operation."""
        return "Counted", [self.table, self.topic], {"ignored": self.ignored}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing that Django's models know of."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Put the triggers on the table."""
        for statement in self.statements():
            schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Take the triggers away."""
        schema_editor.execute(f"DROP TRIGGER count_change ON {self.table}")
        schema_editor.execute(f"DROP TRIGGER IF EXISTS count_update ON {self.table}")

    def describe(self) -> str:
        """Return the line that `migrate` shows."""
        return f"Changes of {self.table} raise the revision of {self.topic}"

    def statements(self) -> list[str]:
        """Return the SQL, statement by statement."""
        action = f"EXECUTE FUNCTION tenancy.note_change('{self.topic}')"
        events = "INSERT OR DELETE" if self.ignored else "INSERT OR UPDATE OR DELETE"
        made = [
            f"CREATE TRIGGER count_change AFTER {events} ON {self.table} FOR EACH STATEMENT {action}"
        ]
        if self.ignored:
            besides = f"- '{{{','.join(self.ignored)}}}'::text[]"
            changed = f"(to_jsonb(OLD) {besides}) IS DISTINCT FROM (to_jsonb(NEW) {besides})"
            made.append(
                f"CREATE TRIGGER count_update AFTER UPDATE ON {self.table} FOR EACH ROW WHEN ({changed}) {action}"
            )
        return made
