"""What is said of folders: every wrong one is explained, and single broken items are counted and left out."""

import json
import zipfile

import pytest

from cuffs.errors import AssetBroken, AssetMissing
from cuffs.humgen3d.addon import find_addon
from cuffs.humgen3d.content import PRESET_KEYS, content_folder, read_content
from tests.humgen_double.blender import OUR_ADDON


@pytest.fixture
def root(tmp_path):
    """As little content as can be listed."""
    root = tmp_path / "content"
    for folder in ("content_packs", "livekeys", "outfits/female/Casual", "shapekeys/expressions/base"):
        (root / folder).mkdir(parents=True)
    (root / "content_packs/Base_Humans.json").write_text("{}")
    for sex in ("female", "male"):
        for name in ("b", "a"):
            path = root / f"models/{sex}/Group/{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({key: {} for key in PRESET_KEYS}))
    (root / "models/HG_HUMAN.blend").touch()
    (root / "outfits/female/Casual/Suit.blend").touch()
    return root


def said_of(root):
    with pytest.raises((AssetBroken, AssetMissing)) as caught:
        read_content(root)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_everything_is_listed_sorted_and_by_sex(root):
    content = read_content(root)
    assert content.presets["female"] == ("models/female/Group/a.json", "models/female/Group/b.json")
    assert content.outfits == {"female": ("outfits/female/Casual/Suit.blend",), "male": ()}
    assert not content.broken


def test_an_unset_variable_says_what_to_buy_and_which_variable_it_is(monkeypatch):
    monkeypatch.delenv("CUFFS_HUMGEN3D", raising=False)
    with pytest.raises(AssetMissing, match=r"CUFFS_HUMGEN3D(.|\n)*buy Human Generator"):
        content_folder()


def test_every_wrong_folder_is_explained(root, tmp_path):
    assert str(tmp_path / "nowhere") in said_of(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    assert "a file, not a folder" in said_of(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert "the folder is empty" in said_of(tmp_path / "empty")
    assert "one folder deeper, in content" in said_of(root.parent)
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed/Base.hgpack").touch()
    assert "still packed" in said_of(tmp_path / "packed")
    assert "this is the add-on's code" in said_of(OUR_ADDON)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").touch()
    assert "it holds cat.jpg" in said_of(tmp_path / "photos")


def test_the_trial_alone_is_refused_and_its_locked_items_are_left_out(root):
    locked = root / "models/female/Group/c.trial.json"
    locked.write_text("{}")
    content = read_content(root)
    assert content.broken == {"models/female/Group/c.trial.json": "a locked item of the trial"}
    assert len(content.presets["female"]) == 2
    (root / "content_packs/Base_Humans.json").rename(root / "content_packs/Trial_Content.json")
    assert "only the trial" in said_of(root)
    (root / "content_packs/Trial_Content.json").unlink()
    assert "Base Humans isn't installed" in said_of(root)


@pytest.mark.parametrize(("text", "why"), [("{", "not JSON"), ("[]", "holds no keys"), ('{"age": {}}', "lacks keys")])
def test_a_corrupt_preset_is_left_out_with_its_reason(root, text, why):
    path = root / "models/female/Group/a.json"
    path.write_text(text)
    content = read_content(root)
    assert why in content.broken["models/female/Group/a.json"]
    assert content.presets["female"] == ("models/female/Group/b.json",)
    (root / "models/female/Group/b.json").write_text(text)
    assert "no usable starting human for females" in said_of(root)


@pytest.mark.parametrize("part", ["models/HG_HUMAN.blend", "livekeys"])
def test_a_half_unpacked_base_pack_is_named(root, part):
    path = root / part
    path.rmdir() if path.is_dir() else path.unlink()
    assert part in said_of(root)


def zipped(folder, inner, path):
    with zipfile.ZipFile(path, "w") as file:
        for each in folder.rglob("*.py"):
            file.write(each, f"{inner}{each.relative_to(folder)}")
    return path


def test_the_add_on_is_found_as_a_folder_and_in_any_zip(tmp_path):
    found = find_addon(OUR_ADDON)
    assert found == find_addon(OUR_ADDON.parent)
    assert found.version == (4, 0, 30)
    assert found.knows_blender_5
    for inner in ("HumGen3D/", "HumGen3D-main/", ""):
        packed = find_addon(zipped(OUR_ADDON, inner, tmp_path / "addon.zip"))
        assert (packed.version, packed.knows_blender_5, packed.inner) == (found.version, True, inner)


def test_versions_that_do_not_go_together_are_named(tmp_path):
    for path in OUR_ADDON.rglob("*.py"):
        copy = tmp_path / "HumGen3D" / path.relative_to(OUR_ADDON)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text().replace("(5, 0, 0)", "(4, 5, 0)").replace("(4, 0, 30)", "(4, 0, 20)"))
    old = find_addon(tmp_path / "HumGen3D")
    assert "4.0.20 is too old" in old.problem_with("4.5.1")
    good = find_addon(OUR_ADDON)
    assert good.problem_with("4.5.1") is None
    assert good.problem_with("5.0.1") is None
    assert good.was_run_with("4.5.15")
    assert not good.was_run_with("4.2.0")
    init = tmp_path / "HumGen3D/__init__.py"
    init.write_text(init.read_text().replace("(4, 0, 20)", "(4, 0, 30)"))
    assert "doesn't know Blender 5.0.1" in find_addon(tmp_path / "HumGen3D").problem_with("5.0.1")


def test_what_is_no_add_on_is_explained(root, tmp_path, monkeypatch):
    monkeypatch.delenv("CUFFS_HUMGEN3D_ADDON", raising=False)
    with pytest.raises(AssetMissing, match="CUFFS_HUMGEN3D_ADDON"):
        find_addon()
    with pytest.raises(AssetMissing, match="nowhere"):
        find_addon(tmp_path / "nowhere")
    with pytest.raises(AssetBroken, match="looks like the content"):
        find_addon(root)
    (tmp_path / "half.zip").write_bytes(zipped(OUR_ADDON, "x/", tmp_path / "whole.zip").read_bytes()[:2000])
    with pytest.raises(AssetBroken, match="not a whole zip"):
        find_addon(tmp_path / "half.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("readme.txt", "")
    with pytest.raises(AssetBroken, match=r"no human/human\.py"):
        find_addon(tmp_path / "other.zip")
