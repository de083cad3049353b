"""Tables are changed through the migrator's login only."""

from __future__ import annotations


class MigrationRouter:
    """Keep migrations, and the checks around them, away from the runtime roles."""

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        """Whether a migration may run through the alias `db`."""
        return db == "migrator"
