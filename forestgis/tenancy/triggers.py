"""Triggers as migration operations: what is written to the audit trail, and what raises a revision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forestgis.tenancy.operations import TableOperation

_TRANSITIONS = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}


class Audited(TableOperation):
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

    def undoing(self) -> list[str]:
        """Return the SQL that takes the triggers away; what was written stays."""
        return [f"DROP TRIGGER audit_{command} ON {self.table}" for command in _TRANSITIONS]

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


class Counted(TableOperation):
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

    def __init__(self, table: str, topic: str, *, ignored: Sequence[str] = ()) -> None:
        self.table = table
        self.topic = topic
        self.ignored = tuple(ignored)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return what rebuilds the operation."""
        return "Counted", [self.table, self.topic], {"ignored": self.ignored}

    def undoing(self) -> list[str]:
        """Return the SQL that takes the triggers away."""
        return [
            f"DROP TRIGGER count_change ON {self.table}",
            f"DROP TRIGGER IF EXISTS count_update ON {self.table}",
        ]

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
