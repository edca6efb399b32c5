"""The ablation's table: every row in miniature, going on, and what is refused."""

import json
import re
import signal
from pathlib import Path

import pytest
import yaml

from cuffs.errors import ConfigError
from tests.trainer.shards import write_dataset
from trainer.ablate_cli import Request, run
from trainer.ablation import FIGURES, load_ablation, merged, recipes_of, slug

RECIPE = "trainer/ablations/paper.yaml"


@pytest.fixture(autouse=True)
def signals():
    """The command takes signals over: they are given back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def datasets(tmp_path_factory, open_body):
    root = tmp_path_factory.mktemp("ablation")
    for number, name in enumerate(("own", "cuffs")):
        write_dataset(root / name, open_body, counts=(1, 1, 1), seed=number, splits=("train", "train", "val"))
    return root


def request(datasets, out, recipe=RECIPE):
    data = tuple(f"{name}={datasets / name}" for name in ("own", "cuffs"))
    return Request(recipe=Path(recipe), data=data, out=out, miniature=True, threshold=1e-4, device="cpu", test=data[:1])


def test_the_recipe_lists_what_the_paper_compares(pytestconfig):
    path = pytestconfig.rootpath / RECIPE
    ablation = load_ablation(path)
    recipes = recipes_of(ablation, path, miniature=False)
    by_name = {row.name: row for row in ablation.rows}
    model = {name: recipe.model for name, recipe in recipes.items()}
    assert model["HRNet + iterative regressor"].backbone.name == "hrnet_w48"
    assert model["ViT-B + HPH"] == model["ViT-B + HPH + CUFFS"]
    assert by_name["ViT-B + HPH"].without == ("cuffs",) and not by_name["ViT-B + HPH + CUFFS"].without
    assert {one.rays.kind for one in model.values()} == {"none", "linear", "paper", "reference"}
    assert {one.image_side for one in model.values()} == {448, 672, 896}
    assert {one.head.self_attention for one in model.values()} == {True, False}
    assert model["random backbone"].backbone.weights == "none"
    assert recipes["losses: without meshes"].losses.weights.verts_3d == 0
    plain = recipes["ViT-S + HPH"]
    same = [name for name, recipe in recipes.items() if recipe.model == plain.model and recipe.losses == plain.losses]
    assert set(same) == {"ViT-S + HPH", "camera: Fourier of x, y and z"}, "each other row changes something"


@pytest.mark.slow
def test_the_miniature_produces_every_row_and_goes_on(datasets, tmp_path, monkeypatch, pytestconfig):
    monkeypatch.chdir(pytestconfig.rootpath)
    assert run(request(datasets, tmp_path / "out")) == 0
    ablation = load_ablation(pytestconfig.rootpath / RECIPE)
    table = (tmp_path / "out" / "ablation.md").read_text()
    written = json.loads((tmp_path / "out" / "ablation.json").read_text())
    assert [row["name"] for row in written["rows"]] == [row.name for row in ablation.rows]
    measured = 0
    for row in ablation.rows:
        assert re.search(rf"^\| {re.escape(row.name)} \|", table, re.MULTILINE), row.name
        figures = json.loads((tmp_path / "out" / slug(row.name) / FIGURES).read_text())
        assert set(figures["figures"]["own"]) == {"pve_mm", "pa_pve_mm", "hands_pve_mm", "mpjpe_mm", "f1"}
        told = figures["figures"]["own"]
        assert (told["pve_mm"] is None) == (told["f1"] == 0), "after two steps a row may find nobody"
        measured += told["f1"] > 0
        assert figures["data"] == (["own"] if "cuffs" in row.without else ["cuffs", "own"])
    assert measured > len(ablation.rows) / 2
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.safetensors")}
    gone = tmp_path / "out" / slug(ablation.rows[2].name) / FIGURES
    gone.unlink()
    assert run(request(datasets, tmp_path / "out")) == 0
    assert gone.exists(), "a row whose figures were lost is measured again, not trained again"
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.safetensors")}
    assert (tmp_path / "out" / "ablation.md").read_text() == table


def write_recipe(path, pytestconfig, **changes):
    values = yaml.safe_load((pytestconfig.rootpath / RECIPE).read_text())
    values["base"] = str(pytestconfig.rootpath / "trainer/recipes/vits_448.yaml")
    path.write_text(yaml.safe_dump(merged(values, changes)))
    return path


def test_slips_are_found_before_anything_is_trained(datasets, tmp_path, pytestconfig):
    twice = write_recipe(tmp_path / "a.yaml", pytestconfig, rows=[{"name": "A b"}, {"name": "a-B"}])
    with pytest.raises(ConfigError, match="differ in letters"):
        run(request(datasets, tmp_path / "out", twice))
    rows = [{"name": "good"}, {"name": "bad", "change": {"model": {"head": {"kid": "hph"}}}}]
    slip = write_recipe(tmp_path / "b.yaml", pytestconfig, rows=rows)
    with pytest.raises(ConfigError, match="kid"):
        run(request(datasets, tmp_path / "out", slip))
    nothing = write_recipe(tmp_path / "c.yaml", pytestconfig, rows=[{"name": "x", "without": ["own", "cuffs"]}])
    with pytest.raises(ConfigError, match="nothing is left"):
        run(request(datasets, tmp_path / "out", nothing))
    assert not list((tmp_path / "out").rglob("*.safetensors")) if (tmp_path / "out").exists() else True


def test_another_recipe_s_rows_are_not_taken_for_this_one_s(datasets, tmp_path, pytestconfig):
    one = write_recipe(tmp_path / "a.yaml", pytestconfig, rows=[{"name": "row"}])
    assert run(request(datasets, tmp_path / "out", one)) == 0
    other = write_recipe(tmp_path / "a.yaml", pytestconfig, rows=[{"name": "row", "change": {"seed": 3}}])
    with pytest.raises(ConfigError, match="seed"):
        run(request(datasets, tmp_path / "out", other))


def test_merging_goes_into_blocks_and_replaces_the_rest():
    assert merged({"a": {"b": 1, "c": [1]}, "d": 2}, {"a": {"c": [2]}}) == {"a": {"b": 1, "c": [2]}, "d": 2}
