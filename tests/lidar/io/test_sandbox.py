import os
import time

import pytest

from lidar.errors import HeaderError, WorkerError
from lidar.io.las import read
from lidar.io.sandbox import Sandbox


def test_results_come_back_from_another_process():
    with Sandbox() as sandbox:
        assert sandbox.call(pow, 2, 10) == 1024
        assert sandbox.call(os.getpid) != os.getpid()


def test_a_child_is_told_no_secrets(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "sesame")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:sesame@/db")
    with Sandbox() as sandbox:
        assert sandbox.call(os.getenv, "PATH") == os.environ["PATH"]
        assert sandbox.call(os.getenv, "SECRET_KEY") is None
        assert sandbox.call(os.getenv, "DATABASE_URL") is None


def test_taking_too_much_memory_is_an_error_and_not_the_end():
    with Sandbox(memory_bytes=1024**3) as sandbox:
        with pytest.raises(WorkerError, match="MemoryError"):
            sandbox.call(bytearray, 2 * 1024**3)
        assert sandbox.call(abs, -1) == 1


def test_a_child_that_dies_is_replaced():
    with Sandbox() as sandbox:
        first = sandbox.call(os.getpid)
        with pytest.raises(WorkerError, match="died"):
            sandbox.call(os.abort)
        assert sandbox.call(os.getpid) != first


def test_a_call_that_takes_too_long_is_given_up():
    with Sandbox(timeout_s=1.5) as sandbox:
        with pytest.raises(WorkerError, match="no answer within"):
            sandbox.call(time.sleep, 60)
        assert sandbox.call(abs, -2) == 2


def test_errors_of_the_engine_keep_their_kind_and_fields(tmp_path):
    (tmp_path / "a.las").write_bytes(b"")
    with Sandbox() as sandbox, pytest.raises(HeaderError, match="not a LAS") as caught:
        sandbox.call(read, tmp_path / "a.las")
    assert caught.value.fields["file"] == "a.las"
