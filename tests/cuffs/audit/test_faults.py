"""Which check finds which planted fault; and that none speaks against good data."""

import numpy as np
import pytest

from cuffs.audit.run import audit_dataset
from cuffs.audit.thresholds import Thresholds, load_thresholds
from cuffs.errors import ConfigError
from tests.cuffs.audit.faults import FAULTS
from tests.cuffs.audit.scenes import write_dataset

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


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_own_check_from_pictures_and_masks_alone(body, clean, tmp_path, name):
    plant, own = FAULTS[name]
    data = plant(body, clean, np.random.default_rng(5))
    found = missed(audit_dataset(write_dataset(tmp_path / "bad", data, body, keep_verts=False), Thresholds()))
    assert own in found
    assert found <= {own} | GENERAL


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
