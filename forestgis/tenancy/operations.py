"""What the project's own migration operations have in common: SQL about one table, and SQL that undoes it."""

from __future__ import annotations

from abc import abstractmethod

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState


class TableOperation(Operation):
    """Statements that Django's models know nothing of; the subclass says which."""

    category = OperationCategory.SQL
    reduces_to_sql = True
    reversible = True

    @abstractmethod
    def statements(self) -> list[str]:
        """Return the SQL, statement by statement."""

    @abstractmethod
    def undoing(self) -> list[str]:
        """Return the SQL that takes it back."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing that Django's models know of."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Run the statements."""
        for statement in self.statements():
            schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Run what undoes them."""
        for statement in self.undoing():
            schema_editor.execute(statement)
