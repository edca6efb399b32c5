"""Added clothes lie on everybody by their own rules; what can't be used is refused with its name and reason."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cuffs.assets import Refused, check_folder, keep, listed, load_stored
from cuffs.assets.check import check_asset
from cuffs.assets.dressing import middling_person
from cuffs.assets.wear import with_assets
from cuffs.character.records import Topology
from cuffs.character.worn import dress
from cuffs.cli_assets import add_command, list_command
from cuffs.errors import AssetBroken, AssetMissing, CheckFailed, ConfigError, CuffsError, UnavailableError
from cuffs.places import cache_folder
from cuffs.records import GarmentSpec, MaterialSpec
from tests.cuffs.open_people import at_rest, identity, maker, topology

CLOTH = MaterialSpec(kind="fabric", colour=(0.3, 0.3, 0.3))
ROWS, COLUMNS = 6, 24


@pytest.fixture(scope="module")
def rest():
    return identity(0).rest.astype(np.float64)


def belt(rest, folder, *, name="belt", edit=None):
    """A tube round the waist, each vertex tied to the three nearest vertices of the tights."""
    folder.mkdir(parents=True, exist_ok=True)
    part = topology().part("trousers")
    waist = part.vertices[rest[part.vertices, 2] > np.quantile(rest[part.vertices, 2], 0.75)]
    angle = np.arctan2(rest[waist, 1] - rest[waist, 1].mean(), rest[waist, 0])
    lines, points = [], []
    hm08 = waist[waist < 19158]
    angle = angle[waist < 19158]
    for row in range(ROWS):
        for column in range(COLUMNS):
            wanted = -np.pi + 2 * np.pi * column / COLUMNS
            apart = np.abs(np.angle(np.exp(1j * (angle - wanted)))) + 3 * np.abs(
                rest[hm08, 2] - rest[hm08, 2].min() - 0.02 * row
            )
            a, b, c = hm08[np.argsort(apart)[:3]]
            lines.append(f"{a} {b} {c} 0.40000 0.35000 0.25000 0.01000 0.00000 0.05000")
            points.append(10 * rest[[a, b, c]].mean(0))
    text = [
        "# CC0", "basemesh hm08", f"name {name}", "tag Clothes", f"obj_file {name}.obj",
        "x_scale 5399 11998 1.4340", "z_scale 962 5320 2.0001", "y_scale 791 881 2.4098", "material belt.mhmat",
        "verts 0", *lines, "delete_verts", f"{hm08.min()} - {hm08.min() + 3}",
    ]  # fmt: skip
    if edit is not None:
        text = edit(text)
    path = folder / f"{name}.mhclo"
    path.write_text("\n".join(text) + "\n")
    number = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) + 1
    quads = np.stack([number[:-1], np.roll(number, -1, 1)[:-1], np.roll(number, -1, 1)[1:], number[1:]], -1).reshape(
        -1, 4
    )
    obj = [f"v {x:.4f} {z:.4f} {-y:.4f}" for x, y, z in points] + ["vt 0 0", "vt 1 0", "vt 1 1", "vt 0 1"]
    obj += ["f " + " ".join(f"{v}/{k + 1}" for k, v in enumerate(quad)) for quad in quads.tolist()]
    (folder / f"{name}.obj").write_text("\n".join(obj) + "\n")
    (folder / "belt.mhmat").write_text("diffuseColor 0.5 0.2 0.1\ndiffuseTexture belt.png\n")
    Image.new("RGBA", (8, 8), (120, 60, 20, 255)).save(folder / "belt.png")
    return path


def test_an_asset_survives_being_kept(rest, tmp_path):
    asset = check_asset(belt(rest, tmp_path / "a"), rest, is_plain=False, licence=None)
    keep(asset, tmp_path)
    again = load_stored(tmp_path, "belt")
    assert (again.kind, again.licence, again.wearer) == ("clothes", "CC0", "")
    for name in ("corners", "weights", "step", "pairs", "deleted", "faces", "uv"):
        assert np.array_equal(getattr(asset, name), getattr(again, name)), name
    assert again.texture is not None and again.texture.read_bytes() == (tmp_path / "a" / "belt.png").read_bytes()
    assert [found.name for found in listed(tmp_path)] == ["belt"]


def test_steps_grow_with_the_wearer_and_not_with_units(rest, tmp_path):
    asset = check_asset(belt(rest, tmp_path), rest, is_plain=False, licence=None)
    plain = replace(asset, step=np.zeros_like(asset.step))
    for factor in (1.0, 1.3):
        step = asset.fitted(factor * rest) - plain.fitted(factor * rest)
        pair = 10 * factor * np.abs(rest[5399, 0] - rest[11998, 0])
        assert np.allclose(step[:, 0] * 10, 0.01 * pair / 1.4340)
    assert np.allclose(asset.fitted(2 * rest), 2 * asset.fitted(rest))


def test_the_topology_places_an_asset_on_everybody_as_its_own_rule_does(rest, tmp_path):
    asset = check_asset(belt(rest, tmp_path), rest, is_plain=False, licence=None)
    dressed = with_assets(topology(), middling_person(cache_folder(), topology()), [asset])
    path = tmp_path / "dressed.npz"
    dressed.save(path)
    loaded = Topology.load(path)
    part = loaded.part("belt")
    assert part.kind == "fitted trousers" or part.kind == "suit"
    assert part.licence == "CC0" and part.texture == "belt.png"
    from cuffs.character.open_identity import OpenIdentities, Phenotype

    for person in (identity(0), identity(2)):
        traits = dict(zip(person.phenotype_names.tolist(), person.phenotype.tolist(), strict=True))
        own = OpenIdentities.__new__(OpenIdentities)  # anny is loaded once for all tests
        own._topology, own._anny, own._tails = loaded, maker()._anny, maker()._tails
        built = own.build(Phenotype(**traits))
        assert np.abs(built.rest[part.vertices] - asset.fitted(built.rest.astype(np.float64))).max() < 1e-5
        worn = dress(loaded, built, [GarmentSpec(name="belt", material=CLOTH)], at_rest())[0]
        assert np.linalg.norm(worn.verts - built.rest[part.vertices], axis=1).max() < 0.03


def broken(old, new):
    return lambda text: [line.replace(old, new) for line in text]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (broken("basemesh hm08", "basemesh mhx"), "base mesh 'mhx'"),
        (broken("0.40000", "0.90000"), "add up to"),
        (broken("0.40000", "nan"), "not finite"),
        (broken("0.05000", "many"), "line 11"),
        (broken("obj_file belt.obj", "obj_file ../belt.obj"), "outside of its folder"),
        (broken("obj_file belt.obj", "obj_file other.obj"), "is missing"),
        (broken("x_scale 5399 11998 1.4340", "x_scale 5399 99999 1.4340"), "no vertex 99999"),
        (broken("y_scale 791 881 2.4098", "y_scale 791 881 0"), "length 0"),
        (broken("x_scale 5399 11998 1.4340", "x_scale 5399 11998 0.0001"), "scale is wrong|its scale"),
        (broken("0.01000 0.00000 0.05000", "0.01000 0.00000 8.00000"), "beyond the body"),
        (broken("0.01000 0.00000 0.05000", "0.01000 0.00000 -8.00000"), "beyond the body"),
        (lambda text: text[:-6], "places"),
        (lambda text: [line for line in text if not line[0].isdigit()], "no vertices"),
        (broken("# CC0", "# by somebody"), "no licence"),
    ],
)
def test_broken_clothes_files_are_refused_by_name(rest, tmp_path, edit, says):
    path = belt(rest, tmp_path, edit=edit)
    with pytest.raises(CuffsError, match=says) as caught:
        check_asset(path, rest, is_plain=False, licence=None)
    assert tmp_path.name in str(caught.value)


def test_a_missing_texture_is_refused_unless_a_plain_cloth_will_do(rest, tmp_path):
    path = belt(rest, tmp_path)
    (tmp_path / "belt.png").unlink()
    with pytest.raises(AssetMissing, match=r"belt\.png"):
        check_asset(path, rest, is_plain=False, licence=None)
    assert check_asset(path, rest, is_plain=True, licence=None).texture is None


def test_a_huge_picture_is_refused(rest, tmp_path):
    path = belt(rest, tmp_path)
    Image.new("RGB", (8193, 1)).save(tmp_path / "belt.png")
    with pytest.raises(AssetBroken, match=r"8193 x 1 pixels(?s:.*)belt\.png"):
        check_asset(path, rest, is_plain=False, licence=None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"diffuseTexture ../../secret.png\n", "outside of its folder"),
        (b"diffuseColor red green blue\n", "line 1: diffuseColor"),
        (b"\xff\xfe\x00", "no text"),
    ],
)
def test_broken_material_files_are_refused_by_name(rest, tmp_path, content, says):
    path = belt(rest, tmp_path)
    (tmp_path / "belt.mhmat").write_bytes(content)
    with pytest.raises(AssetBroken, match=says) as caught:
        check_asset(path, rest, is_plain=False, licence=None)
    assert "belt.mhmat" in str(caught.value)


def test_a_picture_that_is_none_is_refused(rest, tmp_path):
    path = belt(rest, tmp_path)
    (tmp_path / "belt.png").write_bytes(b"import os")
    with pytest.raises(AssetBroken, match="no PNG or JPEG"):
        check_asset(path, rest, is_plain=False, licence=None)


def test_hair_without_transparency_is_refused(rest, tmp_path):
    path = belt(rest, tmp_path, edit=broken("tag Clothes", "tag Hair"))
    Image.new("RGB", (8, 8)).save(tmp_path / "belt.png")
    with pytest.raises(AssetBroken, match="planks"):
        check_asset(path, rest, is_plain=False, licence=None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "numbered 9"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 inf\nf 1 2 3\n", "finite"),
        ("", "no vertices"),
        ("v 0 0 0\n" * 3 + "f " + "1 2 3 " * 30 + "\n", "a face of 90 corners"),
        ("\0\0\0", "no vertices"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nv 0 1 1\n" + "f 1 2 3\nf 1 2 4\nf 1 2 5\n", "non-manifold"),
    ],
)
def test_broken_meshes_are_refused_by_name(rest, tmp_path, content, says):
    path = belt(rest, tmp_path)
    (tmp_path / "belt.obj").write_text(content)
    with pytest.raises(AssetBroken, match=says) as caught:
        check_asset(path, rest, is_plain=False, licence=None)
    assert "belt.obj" in str(caught.value)


def test_a_huge_mesh_is_refused_before_it_fills_the_memory(rest, tmp_path):
    path = belt(rest, tmp_path)
    for content in ("v 0 0 0\n" * 200_002, "v 0 0 0\n" * 3 + ("f" + " 1 2 3" * 21 + "\n") * 6558):
        (tmp_path / "belt.obj").write_text(content)
        with pytest.raises(AssetBroken, match="more than 200000"):
            check_asset(path, rest, is_plain=False, licence=None)
    with (tmp_path / "belt.obj").open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(AssetBroken, match=r"65 MB, more than 64(?s:.*)belt\.obj"):
        check_asset(path, rest, is_plain=False, licence=None)


def test_a_folder_gives_what_it_can_and_says_what_it_can_not(rest, tmp_path):
    belt(rest, tmp_path / "good")
    belt(rest, tmp_path / "bad", name="bad", edit=broken("hm08", "other"))
    belt(rest, tmp_path / "eyes", name="eye")
    found = list(check_folder(tmp_path, rest, is_plain=False, licence=None))
    assert [getattr(each, "name", None) for each in found] == [None, "belt"]
    assert isinstance(found[0], Refused) and found[0].path.name == "bad.mhclo"


def test_the_command_adds_the_good_names_the_bad_and_says_so_by_its_exit_code(rest, tmp_path, monkeypatch, capsys):
    belt(rest, tmp_path / "all" / "good")
    belt(rest, tmp_path / "all" / "bad", name="bad", edit=broken("hm08", "other"))
    monkeypatch.setattr("cuffs.cli_assets.middling_rest", lambda _: rest)
    monkeypatch.setattr("cuffs.cli_assets.cache_folder", lambda: tmp_path / "cache")
    with pytest.raises(CheckFailed, match="1 assets of"):
        add_command(tmp_path / "all")
    said = capsys.readouterr().out
    assert "added    belt: clothes, CC0" in said and "1 added, 1 refused" in said
    assert "refused  bad/bad.mhclo" in said and "base mesh 'other'" in said
    list_command()
    assert capsys.readouterr().out.startswith("belt ")


def test_an_empty_folder_and_an_unknown_name_are_errors(tmp_path, rest):
    with pytest.raises(UnavailableError, match="no .mhclo"):
        list(check_folder(tmp_path, rest, is_plain=False, licence=None))
    with pytest.raises(ConfigError, match="no added asset 'hat'"):
        load_stored(tmp_path, "hat")
    with pytest.raises(ConfigError, match="no added asset"):
        load_stored(tmp_path, "../hat")
