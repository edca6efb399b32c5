"""Publishing, archives and seeds: whole or not at all, same in same out."""

import errno
import os
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuffs.errors import OutputError, RecordError
from cuffs.npz import npz_bytes, read_npz, write_npz
from cuffs.publish import explained, publish_file, publish_folder
from cuffs.seeding import stream


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    final = tmp_path / "result"
    with pytest.raises(RuntimeError), publish_folder(final) as scratch:
        (scratch / "half").write_text("x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with publish_folder(final) as scratch:
        (scratch / "whole").write_text("x")
        assert not final.exists()
    assert (final / "whole").read_text() == "x"


def test_the_first_of_two_writers_stays_and_the_second_leaves_nothing(tmp_path):
    final = tmp_path / "result"
    with publish_folder(final) as slow, publish_folder(final) as fast:
        (slow / "who").write_text("slow")
        (fast / "who").write_text("fast")
    assert (final / "who").read_text() == "fast"
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_a_writer_that_outlived_its_run_can_not_bring_the_run_back(tmp_path):
    with pytest.raises(FileNotFoundError), publish_folder(tmp_path / "gone" / "result"):
        pass
    assert not (tmp_path / "gone").exists()


def test_a_failed_write_leaves_the_older_file(tmp_path):
    final = tmp_path / "file"
    final.write_text("old")
    with pytest.raises(RuntimeError), publish_file(final) as scratch:
        scratch.write_text("new, half")
        raise RuntimeError
    assert final.read_text() == "old"
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize(
    ("code", "says"), [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")]
)
def test_the_systems_errors_come_with_a_remedy(tmp_path, code, says):
    with pytest.raises(OutputError, match=says), explained(tmp_path / "x"):
        raise OSError(code, os.strerror(code))


def test_the_same_arrays_give_the_same_bytes_in_any_order():
    arrays = {"b": np.arange(5), "a": np.eye(3, dtype=np.float32)}
    assert npz_bytes(arrays) == npz_bytes(dict(reversed(arrays.items())))


def test_archives_round_trip(tmp_path):
    arrays = {"names": np.array(["pelvis", "head"]), "empty": np.zeros((0, 3)), "flag": np.array(True)}
    write_npz(tmp_path / "a.npz", arrays)
    found = read_npz(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for name in arrays:
        assert found[name].dtype == arrays[name].dtype
        assert np.array_equal(found[name], arrays[name])


def test_pickled_objects_are_never_loaded(tmp_path):
    np.savez(tmp_path / "evil.npz", poses=np.array([{"a": 1}], dtype=object), fine=np.zeros(3))
    with pytest.raises(RecordError, match=r"evil.npz: the array poses.npy can't be read: it holds Python objects"):
        read_npz(tmp_path / "evil.npz")
    assert read_npz(tmp_path / "evil.npz", only=frozenset({"fine"})).keys() == {"fine"}


@given(st.data())
def test_a_truncated_archive_is_an_error_that_names_it(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("cut") / "a.npz"
    whole = npz_bytes({"a": np.arange(1000.0)})
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(RecordError, match="a.npz"):
        read_npz(path)


def test_a_header_that_claims_too_much_is_refused_before_it_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("a.npy")
        archive.writestr(info, b"\x93NUMPY")
    data = bytearray((tmp_path / "bomb.npz").read_bytes())
    central = data.rindex(b"PK\x01\x02")
    data[central + 24 : central + 28] = (2**31 + 1).to_bytes(4, "little")
    (tmp_path / "bomb.npz").write_bytes(bytes(data))
    with pytest.raises(RecordError, match="claims"):
        read_npz(tmp_path / "bomb.npz")


@given(st.integers(0, 10**9), st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8), st.integers(0, 10**6))
def test_streams_repeat_and_purposes_are_independent(seed, purpose, other, slot):
    first = stream(seed, purpose, slot, 0).integers(2**62, size=4)
    assert np.array_equal(first, stream(seed, purpose, slot, 0).integers(2**62, size=4))
    assert not np.array_equal(first, stream(seed, purpose, slot, 1).integers(2**62, size=4))
    if purpose != other:
        assert not np.array_equal(first, stream(seed, other, slot, 0).integers(2**62, size=4))
