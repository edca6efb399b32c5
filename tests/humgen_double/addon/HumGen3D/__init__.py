"""The part of HumGen3D's interface that CUFFS uses, for tests on machines without the add-on. Written from its
documentation; it is a double of the interface, not of the code, and does nothing else."""

import bpy

bl_info = {
    "name": "Double of Human Generator's interface",
    "version": (4, 0, 30),
    "blender": (4, 2, 0),
    "category": "Testing",
}


class Preferences(bpy.types.AddonPreferences):
    bl_idname = "HumGen3D"

    filepath: bpy.props.StringProperty()
    skip_url_request: bpy.props.BoolProperty(default=False)
    auto_check_update: bpy.props.BoolProperty(default=True)
    remove_clothes: bpy.props.BoolProperty(default=False)


class ObjectProperties(bpy.types.PropertyGroup):
    ishuman: bpy.props.BoolProperty()
    gender: bpy.props.StringProperty()
    body_obj: bpy.props.PointerProperty(type=bpy.types.Object)


CLASSES = (Preferences, ObjectProperties)


def register():
    for each in CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Object.HG = bpy.props.PointerProperty(type=ObjectProperties)


def unregister():
    del bpy.types.Object.HG
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)


from HumGen3D.human.human import Human  # noqa: E402

__all__ = ["Human"]
