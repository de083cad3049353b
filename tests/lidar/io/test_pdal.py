import numpy as np
import pytest

from lidar.errors import PdalMissingError, PdalPipelineError
from lidar.io import las, pdal


@pytest.fixture(scope="module")
def installed():
    try:
        return pdal.find()
    except PdalMissingError as error:
        pytest.skip(str(error))


def test_the_version_and_stages_are_known(installed):
    assert installed.version >= (2, 0, 0)
    assert {"readers.las", "writers.las", "filters.smrf"} <= installed.drivers


def test_a_pipeline_writes_a_file_we_read(installed, shared_data, tmp_path):
    source = shared_data / "lidar" / "forest" / "Topography.laz"
    target = tmp_path / "out.las"
    outcome = pdal.run(
        [
            str(source),
            {"type": "filters.range", "limits": "Classification[2:2]"},
            {"type": "writers.las", "filename": str(target), "forward": "all"},
        ]
    )
    expected = las.read(source)
    expected = expected.take(expected.classification == 2)
    written = las.read(target)
    assert len(written) == len(expected)
    np.testing.assert_array_equal(np.sort(written.z_mm), np.sort(expected.z_mm))
    assert any("las" in name for name in outcome.metadata)


def test_what_pdal_says_of_a_failure_is_passed_on(installed, tmp_path):
    with pytest.raises(PdalPipelineError, match="gone"):
        pdal.run([str(tmp_path / "gone.las"), {"type": "filters.stats"}])


def test_a_stage_it_does_not_have_is_named(installed):
    with pytest.raises(PdalMissingError, match=r"has no writers\.telepathy") as caught:
        pdal.run(["a.las", {"type": "writers.telepathy"}])
    assert caught.value.fields["missing"] == ["writers.telepathy"]


def test_a_pipeline_that_takes_too_long_is_stopped(installed, shared_data):
    if installed.command is None:
        pytest.skip("the bindings cannot be stopped")
    source = str(shared_data / "lidar" / "forest" / "bcts_3.laz")
    with pytest.raises(PdalPipelineError, match="not done after"):
        pdal.run([source, {"type": "filters.smrf"}], timeout_s=0.05)


@pytest.mark.skipif(pdal._bindings() is not None, reason="the bindings need no command")
class TestMissing:
    def test_none_at_all_says_how_to_get_one(self, monkeypatch, tmp_path):
        monkeypatch.delenv(pdal.VARIABLE, raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(pdal, "UNPACKED", tmp_path / "pdal")
        with pytest.raises(PdalMissingError, match="script/setup-pdal"):
            pdal.find()

    def test_a_wrong_path_is_named(self, monkeypatch, tmp_path):
        monkeypatch.setenv(pdal.VARIABLE, str(tmp_path / "nowhere"))
        with pytest.raises(PdalMissingError, match="nowhere, which is no command"):
            pdal.find()

    def test_the_path_in_the_environment_comes_first(self, monkeypatch, tmp_path):
        command = tmp_path / "pdal"
        command.write_text(
            "#!/bin/sh\ncase $1 in --version) echo pdal 9.8.7 ;; *) echo '[]' ;; esac\n"
        )
        command.chmod(0o755)
        monkeypatch.setenv(pdal.VARIABLE, str(command))
        assert pdal.find() == pdal.Pdal(str(command), (9, 8, 7), frozenset())
