"""PDAL pipelines: through its Python bindings where they are, else its command.

PDAL reads the point formats that we do not, writes COPC, reprojects, and has a
second ground filter to compare with. It is in no Debian 12 package and on no
Python index as a binary; ``script/setup-pdal`` fetches a command of its own.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import lidar
from lidar.errors import PdalMissingError, PdalPipelineError

VARIABLE = "FORESTGIS_PDAL"
UNPACKED = Path(lidar.__file__).resolve().parents[1] / "var" / "pdal" / "pdal"
TIMEOUT_S = 3600.0

Stage = str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pdal:
    """An installed PDAL.

    Parameters
    ----------
    command : str or None
        Path of the command; None for the Python bindings.
    version : (int, int, int)
    drivers : frozenset of str
        Names of its stages, such as ``writers.copc``.
    """

    command: str | None
    version: tuple[int, int, int]
    drivers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pipeline gave.

    Parameters
    ----------
    metadata : dict
        As PDAL writes it, by stage.
    arrays : tuple of structured arrays
        The points, only with the bindings; the command leaves them in files.
    """

    metadata: dict[str, Any]
    arrays: tuple[Any, ...] = ()


def run(stages: Sequence[Stage], timeout_s: float = TIMEOUT_S) -> Outcome:
    """Run a pipeline.

    Parameters
    ----------
    stages : sequence of str or dict
        As in a PDAL pipeline: file names, or dictionaries with ``type`` and options.
    timeout_s : float
        After which the command is killed.

    Raises
    ------
    PdalMissingError
        If PDAL, or a stage of the pipeline, is not installed.
    PdalPipelineError
        If PDAL fails; with what it says.

    Examples
    --------
    >>> run(["in.e57", {"type": "writers.las", "filename": "out.laz"}])  # doctest: +SKIP
    """
    pdal = find()
    _require_stages(pdal, stages)
    text = json.dumps({"pipeline": list(stages)})
    if pdal.command is None:
        return _run_bindings(text)
    return _run_command(pdal.command, text, timeout_s)


def find() -> Pdal:
    """Return the installed PDAL: the bindings, else the command.

    The command is looked for at the path in FORESTGIS_PDAL, on PATH and in
    ``var/pdal`` of the checkout; version and stages are asked once.

    Raises
    ------
    PdalMissingError
        If there is none, or it does not start.
    """
    bindings = _bindings()
    if bindings is not None:
        return bindings
    return _ask(_command())


def _command() -> str:
    named = os.environ.get(VARIABLE)
    if named:
        if not os.access(named, os.X_OK):
            raise PdalMissingError(f"{VARIABLE} names {named}, which is no command", command=named)
        return named
    found = shutil.which("pdal") or (str(UNPACKED) if os.access(UNPACKED, os.X_OK) else None)
    if found is None:
        raise PdalMissingError(
            "PDAL is not installed: run script/setup-pdal, or install it with conda "
            f"(conda-forge: pdal python-pdal), or name the command in {VARIABLE}"
        )
    return found


@cache
def _bindings() -> Pdal | None:
    try:
        module = importlib.import_module("pdal")
    except ImportError:
        return None
    # the bindings give each kind of stage a static method for every driver
    kinds = {"readers": module.Reader, "filters": module.Filter, "writers": module.Writer}
    names = {
        f"{kind}.{name}"
        for kind, stage in kinds.items()
        for name, member in vars(stage).items()
        if isinstance(member, staticmethod)
    }
    return Pdal(None, _version(str(module.info.version)), frozenset(names))


@cache
def _ask(command: str) -> Pdal:
    version = _called([command, "--version"], None, 60.0).stdout
    drivers = json.loads(_called([command, "--drivers", "--showjson"], None, 60.0).stdout)
    return Pdal(command, _version(version), frozenset(d["name"] for d in drivers))


def _version(text: str) -> tuple[int, int, int]:
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if match is None:
        raise PdalMissingError(f"PDAL does not tell its version but {text[:80]!r}")
    major, minor, patch = (int(part) for part in match.groups())
    return major, minor, patch


def _require_stages(pdal: Pdal, stages: Sequence[Stage]) -> None:
    wanted = {str(s["type"]) for s in stages if isinstance(s, dict) and "type" in s}
    missing = sorted(wanted - pdal.drivers)
    if missing:
        version = ".".join(map(str, pdal.version))
        raise PdalMissingError(
            f"PDAL {version} has no {', '.join(missing)} (writing and reading COPC needs 2.4); install "
            "a newer PDAL, with conda for instance",
            missing=missing,
            version=version,
        )


def _run_bindings(text: str) -> Outcome:
    pipeline = importlib.import_module("pdal").Pipeline(text)
    try:
        pipeline.execute()
    except RuntimeError as error:
        raise PdalPipelineError(f"PDAL failed: {error}", output=str(error)) from error
    return Outcome(_metadata(pipeline.metadata), tuple(pipeline.arrays))


def _run_command(command: str, text: str, timeout_s: float) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder) / "metadata.json"
        _called([command, "pipeline", "--stdin", "--metadata", str(metadata)], text, timeout_s)
        return Outcome(_metadata(metadata.read_text(encoding="utf-8")))


def _called(
    arguments: list[str], stdin: str | None, timeout_s: float
) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(  # noqa: S603  our own command line, no shell
            arguments, input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except OSError as error:
        message = f"PDAL does not start: {arguments[0]}: {error.strerror}"
        raise PdalMissingError(message, command=arguments[0]) from error
    except subprocess.TimeoutExpired as error:
        message = f"PDAL was not done after {timeout_s:.0f} s and was stopped"
        raise PdalPipelineError(message, timeout_s=timeout_s) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise PdalPipelineError(f"PDAL failed: {said[-500:]}", output=said)
    return done


def _metadata(found: str | dict[str, Any]) -> dict[str, Any]:
    whole = json.loads(found) if isinstance(found, str) else found
    return dict(whole.get("metadata") or whole.get("stages") or whole)
