"""Pickles from outside: plain data comes through whole, and nothing of a hostile file runs."""

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_matrix, csr_matrix

from cuffs.errors import AssetBroken
from cuffs.unpickle import SparseTable, read_pickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pickles")


def read(folder, data):
    path = folder / "data.pkl"
    path.write_bytes(data)
    return read_pickle(path, what="The file", remedy="fetch it again")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_data_comes_through_whole(folder, protocol):
    told = OrderedDict(
        a=np.arange(6.0).reshape(2, 3), b=np.float32(1.5), c=[1, "two", b"\xff", None, {3, 4}], d=np.arange(5)[::2]
    )
    found = read(folder, pickle.dumps(told, protocol=protocol))
    assert list(found) == list(told)
    for name in "ad":
        assert np.array_equal(found[name], told[name])
    assert (found["b"], found["c"]) == (told["b"], told["c"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", [csc_matrix, csr_matrix])
def test_sparse_matrices_come_through_whole(folder, kind, protocol):
    dense = np.random.default_rng(0).normal(size=(7, 5)).clip(0)
    found = read(folder, pickle.dumps(kind(dense), protocol=protocol))
    assert isinstance(found, SparseTable)
    assert np.array_equal(found.toarray(), dense)


def test_names_of_old_scipy_are_known(folder):
    """SMPL-X's own pkl was written by Python 2: old module names, protocol 0's way of making objects."""
    dense = np.eye(4)
    data = pickle.dumps(csc_matrix(dense), protocol=0)
    for new, old in ((b"scipy.sparse._csc", b"scipy.sparse.csc"), (b"copyreg", b"copy_reg")):
        data = data.replace(new, old)
    data = data.replace(b"cbuiltins\nobject", b"c__builtin__\nobject")
    assert np.array_equal(read(folder, data).toarray(), dense)


def test_a_sparse_matrix_that_points_outside_itself_is_refused(folder):
    broken = csc_matrix(np.eye(4))
    broken.indices[0] = 10**6
    with pytest.raises(ValueError, match="indices|index"):
        read(folder, pickle.dumps(broken)).toarray()


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "evil",
    [
        Calls(os.system, "touch ran"),
        Calls(eval, "open('ran', 'w')"),
        Calls(getattr, "text", "encode"),
        Calls(np.load, "ran"),
        Calls(np.fromfile, "ran"),
        Calls(pickle.loads, b""),
        Calls,
    ],
)
def test_nothing_of_a_hostile_file_runs(folder, monkeypatch, evil, protocol):
    monkeypatch.chdir(folder)
    with pytest.raises(AssetBroken, match="more than data"):
        read(folder, pickle.dumps({"v_template": evil}, protocol=protocol))
    assert not (folder / "ran").exists()


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_files_are_refused_in_one_way(folder, data):
    """Cut short or with bytes changed: either still plain data, or one kind of error."""
    whole = pickle.dumps(
        {"a": np.arange(20.0), "b": csc_matrix(np.eye(3)), "c": "text"}, protocol=data.draw(st.sampled_from(PROTOCOLS))
    )
    length = data.draw(st.integers(0, len(whole)))
    changed = bytearray(whole[:length])
    for place in data.draw(st.lists(st.integers(0, max(length - 1, 0)), max_size=3 if length else 0)):
        changed[place] = data.draw(st.integers(0, 255))
    try:
        read(folder, bytes(changed))
    except AssetBroken as problem:
        assert "data.pkl" in str(problem)
