"""What is wrong with a file or a batch: a code, how grave, and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["refuse", "warn"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding about a file.

    Parameters
    ----------
    code : str
        Short snake-case name, stable, for translation.
    severity : "refuse" or "warn"
        A file with one "refuse" is not processed.
    message : str
        What, where, what to do, in English.
    fields : dict
        Named values of the message, JSON-able.
    """

    code: str
    severity: Severity
    message: str
    fields: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the fault as JSON-able values."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "fields": self.fields,
        }


def refuse(code: str, message: str, **fields: Any) -> Fault:  # noqa: ANN401
    """Return a fault that keeps a file from being processed."""
    return Fault(code, "refuse", message, fields)


def warn(code: str, message: str, **fields: Any) -> Fault:  # noqa: ANN401
    """Return a fault to be told of, that does not stop processing."""
    return Fault(code, "warn", message, fields)
