"""Names that both processes need."""

HAIR_SYSTEMS = {"Short": "HairSystem_Short", "Medium": "HairSystem_Medium"}
