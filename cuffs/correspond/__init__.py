from cuffs.correspond.register import RegisterSettings, Registration, register, register_meshes
from cuffs.correspond.report import PartReport, RegistrationReport
from cuffs.correspond.table import Correspondence, carry, load_correspondence, save_correspondence

__all__ = [
    "Correspondence",
    "PartReport",
    "RegisterSettings",
    "Registration",
    "RegistrationReport",
    "carry",
    "load_correspondence",
    "register",
    "register_meshes",
    "save_correspondence",
]
