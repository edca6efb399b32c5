"""Which check finds which planted fault; and that none speaks against good data."""

import sys

import numpy as np
import pytest

from cuffs.audit.run import audit_dataset
from cuffs.audit.thresholds import Thresholds, load_thresholds
from cuffs.errors import ConfigError
from tests.cuffs.audit.faults import FAULTS, shifted
from tests.cuffs.audit.scenes import make_clean, write_dataset

GENERAL = {"outline", "shift", "focal"}
"""Checks that see that something is wrong, but not what: many faults move outlines."""

RESIDUALS = {"residual_all_mean", "residual_fingers_mean", "residual_face_mean", "residual_all_p95"}
BY_MESH = ("swapped hands", "flat_hand_mean: mean left out", "stale mesh", "another identity's betas")
"""Faults that are looked for with target vertices kept, too."""


def missed(audit):
    return {check.name for check in audit.checks if not check.ok}


@pytest.mark.parametrize("keep_verts", [True, False])
def test_good_data_misses_nothing(body, clean, tmp_path, keep_verts):
    audit = audit_dataset(write_dataset(tmp_path / "clean", clean, body, keep_verts=keep_verts), Thresholds())
    assert audit.failures == ()
    told = {check.name for check in audit.checks if check.value is not None}
    assert {own for _, own in FAULTS.values()} <= told, "every check could have spoken"
    assert audit.figures["silhouette_iou"]["mean"] > 0.95
    assert audit.figures["agreement_gains"]["mirrored"] < -0.5


@pytest.fixture(scope="module")
def missed_by(body, clean, tmp_path_factory):
    """Which checks each fault fails, from pictures and masks alone; of good data too."""
    root = tmp_path_factory.mktemp("faults")
    data = {"good data": clean} | {
        name: plant(body, clean, np.random.default_rng(5)) for name, (plant, _) in FAULTS.items()
    }
    found = {}
    for number, (name, made) in enumerate(data.items()):
        folder = write_dataset(root / str(number), made, body, keep_verts=False)
        found[name] = missed(audit_dataset(folder, Thresholds()))
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_own_check_from_pictures_and_masks_alone(missed_by, name):
    own = FAULTS[name][1]
    assert own in missed_by[name]
    assert missed_by[name] <= {own} | GENERAL


def test_the_table_of_faults_and_checks_has_its_diagonal_and_nothing_else_but_general_checks(missed_by, capsys):
    checks = list(dict.fromkeys([*(own for _, own in FAULTS.values()), *sorted(GENERAL)]))
    with capsys.disabled():
        sys.stdout.write(f"\n{fault_table(missed_by, checks)}\n")
    assert missed_by["good data"] == set()
    for name, found in missed_by.items():
        for check in set(checks) - GENERAL - {FAULTS[name][1] if name in FAULTS else ""}:
            assert check not in found, f"{check} speaks against {name}"


def fault_table(missed_by, checks):
    """Faults down, checks across: X where a fault's own check finds it, x where another does."""
    wide = max(map(len, missed_by))
    lines = [f"{number + 1:2d} {check}" for number, check in enumerate(checks)]
    lines.append(" " * wide + "".join(f"{number + 1:3d}" for number in range(len(checks))))
    for name, found in missed_by.items():
        own = FAULTS[name][1] if name in FAULTS else None
        marks = ["  X" if check == own and check in found else "  x" if check in found else "  ." for check in checks]
        lines.append(name.ljust(wide) + "".join(marks))
    return "\n".join(lines)


@pytest.mark.slow
def test_one_shifted_sample_in_a_hundred_is_found_and_none_in_a_hundred_good_ones(body, tmp_path):
    data = make_clean(body, 100, seed=9)
    good = audit_dataset(write_dataset(tmp_path / "good", data, body, keep_verts=False), Thresholds())
    assert good.failures == ()
    bad = shifted(body, data, np.random.default_rng(2))
    (key,) = {one.sample.key for one, other in zip(bad, data, strict=True) if one is not other}
    audit = audit_dataset(write_dataset(tmp_path / "bad", bad, body, keep_verts=False), Thresholds())
    (check,) = [check for check in audit.checks if check.name == "shift"]
    assert not check.ok
    assert [offender for offender, _ in check.offenders] == [key]
    assert missed(audit) <= {"shift"} | GENERAL


@pytest.mark.parametrize("name", BY_MESH)
def test_a_fault_is_found_by_its_own_check_where_target_vertices_are_kept(body, clean, tmp_path, name):
    plant, own = FAULTS[name]
    data = plant(body, clean, np.random.default_rng(5))
    found = missed(audit_dataset(write_dataset(tmp_path / "bad", data, body), Thresholds()))
    assert own in found
    assert found <= {own} | GENERAL | RESIDUALS


def test_processes_and_their_number_change_nothing(body, clean, tmp_path, monkeypatch):
    folder = write_dataset(tmp_path / "clean", clean[:6], body)
    alone = audit_dataset(folder, Thresholds())
    monkeypatch.setattr("cuffs.audit.run.SERIAL_BELOW", 0)
    monkeypatch.setattr("cuffs.audit.run.BATCH", 2)
    assert audit_dataset(folder, Thresholds(), workers=2).figures == alone.figures


def test_limits_come_from_a_file_and_misspelt_ones_are_refused(body, clean, tmp_path):
    folder = write_dataset(tmp_path / "clean", clean[:2], body)
    (tmp_path / "strict.yaml").write_text("mean_mm: {all: 0.001}\n")
    audit = audit_dataset(folder, load_thresholds(tmp_path / "strict.yaml"))
    assert missed(audit) == {"residual_all_mean"}
    assert "0.001" in audit.failures[0]
    (tmp_path / "misspelt.yaml").write_text("meanmm: {all: 1}\n")
    with pytest.raises(ConfigError, match="mean_mm"):
        load_thresholds(tmp_path / "misspelt.yaml")
