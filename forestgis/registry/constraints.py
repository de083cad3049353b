"""Constraints that keep a municipality's rows together, as migration operations."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import migrations


def same_municipality(parent: str, children: Mapping[str, str]) -> list[migrations.RunSQL]:
    """Hold the municipality of child rows to that of their parent row.

    Policies look at a row's own `municipality_code` alone. Without this a
    municipality could hang rows of its own code below another's run, publish
    it in the owner's place, and so read what was never shared. Foreign keys
    are checked whatever the policies hide, and at once, not at commit.

    Parameters
    ----------
    parent : str
        Table with the columns id and municipality_code.
    children : mapping
        Child table to its column that refers to the parent's id.
    """
    key = f"{parent}_id_municipality"
    unique = migrations.RunSQL(
        f"ALTER TABLE {parent} ADD CONSTRAINT {key} UNIQUE (id, municipality_code)",
        f"ALTER TABLE {parent} DROP CONSTRAINT {key}",
    )
    return [unique, *(_reference(parent, child, column) for child, column in children.items())]


def _reference(parent: str, child: str, column: str) -> migrations.RunSQL:
    name = f"{child}_same_municipality_as_{parent.partition('_')[2]}"
    return migrations.RunSQL(
        f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY ({column}, municipality_code) "
        f"REFERENCES {parent} (id, municipality_code)",
        f"ALTER TABLE {child} DROP CONSTRAINT {name}",
    )
