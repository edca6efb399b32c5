"""Humans from presets: appended, shaped by live keys, given skin, hair and clothes."""

import json
import random
from pathlib import Path

import bpy

from HumGen3D.human.parts import Clothing, Eyes, Hair, Skin, content, set_inputs
from HumGen3D.human.shape import Age, Keys

PARTS = ("HG_Rig", "HG_Body", "HG_Eyes", "HG_TeethUpper", "HG_TeethLower")


class Objects:
    def __init__(self, rig):
        self.rig = rig

    @property
    def body(self):
        return self.rig.HG.body_obj

    def __iter__(self):
        return iter(self.rig.children)

    @property
    def eyes(self):
        return next(thing for thing in self if "hg_eyes" in thing)

    @property
    def lower_teeth(self):
        return next(thing for thing in self if "hg_teeth" in thing and "Lower" in thing.name)

    @property
    def upper_teeth(self):
        return next(thing for thing in self if "hg_teeth" in thing and "Upper" in thing.name)


class Human:
    def __init__(self, rig):
        self.objects = Objects(rig)
        self.keys, self.age, self.skin, self.eyes = Keys(self), Age(self), Skin(self), Eyes(self)
        self.hair, self.clothing = Hair(self), Clothing(self)

    @property
    def gender(self):
        return self.objects.rig.HG.gender

    @classmethod
    def from_preset(cls, preset, context, prettify_eevee=True, from_batch_generator=False):
        """A human; hair and clothes of the preset are left out, as the real one does for its batch generator."""
        assert from_batch_generator
        assert not prettify_eevee
        data = json.loads(Path(content(preset)).read_text())
        human = cls._appended(context, Path(preset).parts[1])
        human.age.set_from_dict(data["age"])
        human.keys.set_from_dict(data["keys"])
        human.skin.set_from_dict(data["skin"])
        set_inputs(human.eyes, {"sclera_color": data["eyes"]["sclera_color"]})
        human.objects.rig.name = f"HG_{random.choice(['Ada', 'Ben', 'Cem', 'Dea'])}"
        return human

    @classmethod
    def _appended(cls, context, gender):
        with bpy.data.libraries.load(content("models/HG_HUMAN.blend"), link=False) as (_, wanted):
            wanted.objects = list(PARTS)
        rig, body, eyes, *teeth = wanted.objects
        collection = bpy.data.collections.get("HumGen") or bpy.data.collections.new("HumGen")
        if collection.name not in context.scene.collection.children:
            context.scene.collection.children.link(collection)
        for thing in wanted.objects:
            collection.objects.link(thing)
        rig.location = context.scene.cursor.location
        rig.HG.ishuman, rig.HG.gender, rig.HG.body_obj = True, gender, body
        body["hg_body"] = eyes["hg_eyes"] = 1
        for each in teeth:
            each["hg_teeth"] = 1
        human = cls(rig)
        human.skin.make_gendered(gender)
        for modifier in list(body.modifiers):
            if modifier.type == "PARTICLE_SYSTEM" and modifier.name.endswith({"male": "_Female"}.get(gender, "_Male")):
                body.modifiers.remove(modifier)
        return human
