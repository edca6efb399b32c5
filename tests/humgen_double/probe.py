"""`python -m tests.humgen_double.probe`: Blender with the add-on, doing what tests ask.

One JSON object a line on standard input: `{"call": name, "arguments": {…}, "out": path}`; the answer is a JSON file at
`out`, `{"answer": …}` or `{"error": kind, "detail": text}`. A process of its own, because enabling an add-on changes a
Blender for good, and because some of its versions crash or hang on their way out.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import bpy
import numpy as np

import blender_scripts.humgen3d.character as character_module
import blender_scripts.humgen3d.human as human_module
from blender_scripts.assets import Assets
from blender_scripts.humgen3d.body import mixed_verts
from blender_scripts.humgen3d.character import HumGenCharacter, read_person
from blender_scripts.humgen3d.dress import dress
from blender_scripts.humgen3d.human import make_human
from blender_scripts.humgen3d.rig import JawTrack
from blender_scripts.humgen3d.troupe import role_of
from blender_scripts.session import clear_scene, leave_after, start_session
from cuffs.character import skin_vertices
from cuffs.codec import decode, encode
from cuffs.errors import CuffsError
from cuffs.humgen3d.records import HumanSpec, Member, body_moments, topology_hash
from cuffs.records import CharacterSpec, PersonSpec, PoseOrigin

ORIGIN = PoseOrigin(dataset="procedural", file="tests", row=0, frame=0, licence="CC0")
CUPBOARDS = (
    "objects", "meshes", "armatures", "materials", "images", "node_groups", "shape_keys", "particles", "collections",
    "actions", "texts", "libraries", "textures", "curves",
)  # fmt: skip


class Stage:
    """One Blender and the folder that its people are written down in."""

    def __init__(self, folder):
        start_session("cpu", 1)
        self.folder = folder
        (folder / "identities").mkdir(parents=True, exist_ok=True)
        self.assets = Assets(folder)

    def cast(self, human, look):
        """The character of a human and a look, shaped and dressed."""
        spec, look = decode(HumanSpec, human, where="test"), decode(CharacterSpec, look, where="test")
        path = self.folder / "identities" / f"{look.identity}.json"
        if not path.exists():
            topology, identity = read_person(make_human(self.assets.studio(), spec), None)
            member = Member(
                human=spec,
                topology=look.topology,
                betas=identity.betas,
                rest_rotations=identity.rest_rotations,
                moments=body_moments(identity.rest),
                topology_sha256=topology_hash(topology),
            )
            path.write_text(json.dumps(encode(member)))
            clear_scene()
        character = HumGenCharacter(look, 1, self.assets)
        character.shape()
        character.dress()
        return character

    def skinning(self, human, look, poses, faces):
        """How far Blender's vertices are from where numpy puts them by the transforms that were asked for, mm."""
        character = self.cast(human, look)
        worst_mm = []
        for pose, face in zip(poses, faces, strict=True):
            character.pose(person(character, pose, face))
            depsgraph = bpy.context.evaluated_depsgraph_get()
            found = character.read_body(depsgraph)
            dressed, things = character._ready, character._ready.human.skinned.things
            rest = np.concatenate([mixed_verts(thing, depsgraph) for thing in things])
            wanted = skin_vertices(
                dressed.topology, rest, character._T_world_rest, vertices=dressed.topology.body_vertices
            )
            worst_mm.append(float(np.linalg.norm(found - wanted, axis=1).max() * 1e3))
        clear_scene()
        return worst_mm

    def stale(self, human, look, poses):
        """What is said of a mesh that Blender evaluated for the pose before."""
        character = self.cast(human, look)
        character.pose(person(character, poses[0], {}))
        depsgraph = bpy.context.evaluated_depsgraph_get()
        character.read_body(depsgraph)
        really, character_module.pose_bones_in_blender = character_module.pose_bones_in_blender, lambda *_: None
        try:
            character.pose(person(character, poses[1], {}))
            return refusal(character)
        finally:
            character_module.pose_bones_in_blender = really
            clear_scene()

    def without_the_cure(self, human, look, pose):
        """What is said of a human whose constraints stay."""
        cure = human_module.free_bones

        def looked_at_only(rig):
            jaw = next(bone for bone in rig.pose.bones if bone["original_name"] == "jaw")
            track = jaw.constraints["Damped Track"]
            return JawTrack(group=track.subtarget, influence=track.influence)

        human_module.free_bones = looked_at_only
        try:
            character = self.cast(human, look)
            character.pose(person(character, pose, {}))
            return refusal(character)
        finally:
            human_module.free_bones = cure
            clear_scene()

    def fingerprints(self, people):
        """Hash of mesh and materials of each person, dressed and posed."""
        found = {}
        for human, look, pose in people:
            character = self.cast(human, look)
            character.pose(person(character, pose, {}))
            found[look["identity"]] = fingerprint(character)
            clear_scene()
        return found

    def again(self, human, looks, pose):
        """Fingerprints of one human in scenes in a row: made anew, kept, and kept after another pose and face."""
        found = []
        for look, other in looks:
            spec = decode(CharacterSpec, look, where="test")
            clear_scene(keep=self.assets.troupe.only([role_of(1, spec)]))
            character = self.cast(human, look)
            if other is not None:
                character.pose(person(character, other[0], other[1]))
                character.read_body(bpy.context.evaluated_depsgraph_get())
            character.pose(person(character, pose, {}))
            found.append({"fingerprint": fingerprint(character), "rig": character._ready.human.rig.name_full})
            clear_scene(keep=character.stay())
        clear_scene()
        return found

    def many(self, people):
        """Memory, seconds and Blender's cupboards after each of many humans, dressed."""
        found, studio = [], self.assets.studio()
        for human, look in people:
            began = time.process_time()
            spec = decode(HumanSpec, human, where="test")
            made = make_human(studio, spec)
            dress(made, decode(CharacterSpec, look, where="test"), seed=spec.seed)
            bpy.context.view_layer.update()
            taken_s = time.process_time() - began
            clear_scene()
            left = {kind: len(getattr(bpy.data, kind)) for kind in CUPBOARDS}
            found.append({"cpu_s": taken_s, "rss_mb": rss_mb(), "left": left})
        return found

    def spoil(self, path, what):
        """Write a .blend of the content anew, with one thing wrong."""
        bpy.ops.wm.read_homefile(use_empty=True)
        with bpy.data.libraries.load(path, link=False) as (there, taken):
            taken.objects = list(there.objects)
            taken.collections = list(there.collections)
        objects, collections = list(taken.objects), list(taken.collections)
        spoilers = {"mask": _no_such_mask, "node": _no_tone, "bone": _no_forearm}
        spoilers[what](objects)
        bpy.data.libraries.write(path, set(collections or objects))
        clear_scene()


def _no_such_mask(objects):
    objects[0]["mask_0"] = "mask_of_another_body"


def _no_tone(objects):
    body = next(thing for thing in objects if thing.name == "HG_Body")
    nodes = body.data.materials[0].node_tree.nodes
    nodes.remove(nodes["Freckles_control"])


def _no_forearm(objects):
    rig = next(thing for thing in objects if thing.name == "HG_Rig")
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    rig.data.edit_bones.remove(rig.data.edit_bones["forearm.L"])
    bpy.ops.object.mode_set(mode="OBJECT")


def person(character, pose, face):
    """Somebody who stands a metre above the ground."""
    return PersonSpec(
        character=character._spec,
        pose=np.array(pose),
        pelvis_world=np.array([0.3, -0.2, 1.0]),
        face=face,
        body_source=ORIGIN,
        left_hand_source=ORIGIN,
        right_hand_source=ORIGIN,
    )


def refusal(character):
    """Why a mesh isn't used; empty if it is."""
    try:
        character.read_body(bpy.context.evaluated_depsgraph_get())
    except RuntimeError as problem:
        return str(problem)
    return ""


def fingerprint(character):
    """Of all meshes as they are shown, of all values of all materials and of the hair."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = hashlib.sha256(character.read_body(depsgraph).tobytes())
    shell = character.read_shell(depsgraph)
    for array in (shell.verts, shell.faces, shell.counts):
        found.update(array.tobytes())
    human = character._ready.human
    for thing in sorted(human.children, key=lambda thing: thing.data.materials[0].name.split(".0")[0]):
        for slot in thing.material_slots:
            found.update(json.dumps(tree_values(slot.material.node_tree)).encode())
        for system in thing.particle_systems:
            settings = system.settings
            values = (system.seed, settings.count, settings.hair_length, settings.child_length)
            found.update(repr(values).encode())
    return found.hexdigest()


def tree_values(tree):
    """Types, values and links of all nodes."""
    if tree is None:
        return []
    nodes = []
    for node in tree.nodes:
        image = getattr(node, "image", None)
        values = [value_of(socket) for socket in node.inputs]
        inner = tree_values(node.node_tree) if getattr(node, "node_tree", None) else []
        nodes.append([node.bl_idname, node.name, values, Path(image.filepath).name if image else "", inner])
    links = [
        [link.from_node.name, link.from_socket.name, link.to_node.name, link.to_socket.name] for link in tree.links
    ]
    return [nodes, links]


def value_of(socket):
    value = getattr(socket, "default_value", None)
    if value is None or isinstance(value, int | float | str):
        return value
    return [float(number) for number in value] if hasattr(value, "__len__") else None


def rss_mb():
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main():
    """Answer until the input ends; the exit code."""
    stage = Stage(Path(sys.argv[1]))
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = {"answer": getattr(stage, order["call"])(**order["arguments"])}
        except (CuffsError, RuntimeError, ValueError) as problem:
            answer = {"error": type(problem).__name__, "detail": str(problem)}
        out = Path(order["out"])
        out.with_suffix(".part").write_text(json.dumps(answer))
        out.with_suffix(".part").rename(out)
    return 0


if __name__ == "__main__":
    leave_after(main)
