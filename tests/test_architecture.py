"""Who may import whom: the table of design.md, section 3."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FORBIDDEN = {
    "cuffs": {"bpy", "mathutils", "trainer", "blender_scripts", "pose_sources", "smplx"},
    "pose_sources": {"bpy", "mathutils", "torch", "trainer", "blender_scripts", "smplx"},
    "blender_scripts": {"torch", "trainer", "pose_sources", "scipy", "trimesh", "smplx"},
    "trainer": {"bpy", "mathutils", "blender_scripts", "pose_sources", "smplx"},
}
ALLOWED = {(f"cuffs/{name}.py", "pose_sources") for name in ("cli", "cli_import", "cli_show", "cli_sources")}
"""The command: the one place where the parts are put together."""

WORKER_MAY_LOAD = {"numpy", "bpy", "mathutils", "jaxtyping", "wadler_lindig", "cuffs", "blender_scripts"}


def imports(tree: ast.AST) -> set[str]:
    """Top-level names that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def violations(package: str, root: Path) -> list[str]:
    broken = []
    for path in sorted((root / package).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        for target in sorted(imports(ast.parse(path.read_text())) & FORBIDDEN[package]):
            if (name, target) not in ALLOWED:
                broken.append(f"{name} imports {target}")
    return broken


def loaded_modules(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_point_one_way(package):
    assert not violations(package, ROOT)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_planted_violation_is_found(package, tmp_path):
    (tmp_path / package).mkdir()
    for target in FORBIDDEN[package]:
        (tmp_path / package / "bad.py").write_text(f"def late() -> None:\n    import {target}.inner\n")
        assert violations(package, tmp_path) == [f"{package}/bad.py imports {target}"]


def test_torch_is_never_imported_at_the_top_of_a_module_of_cuffs():
    for path in sorted((ROOT / "cuffs").rglob("*.py")):
        top = ast.Module(
            [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)], []
        )
        assert not imports(top) & {"torch", "anny"}, path


@pytest.mark.parametrize("module", ["cuffs", "cuffs.cli", "cuffs.fit", "cuffs.correspond"])
def test_cuffs_loads_neither_bpy_nor_torch(module):
    assert not loaded_modules(f"import {module}") & {"bpy", "torch", "anny", "smplx"}


def test_the_check_on_loaded_modules_can_fail():
    assert "fractions" in loaded_modules("import fractions")


@pytest.mark.parametrize(
    "module",
    [
        "cuffs.records",
        "cuffs.codec",
        "cuffs.npz",
        "cuffs.publish",
        "cuffs.camera",
        "cuffs.character.records",
        "cuffs.character.pose_bones",
    ],
)
def test_what_the_worker_uses_of_cuffs_needs_numpy_alone(module):
    foreign = {"scipy", "trimesh", "yaml", "PIL", "joblib", "tqdm", "psutil", "webdataset", "torch"}
    assert not loaded_modules(f"import {module}") & foreign
