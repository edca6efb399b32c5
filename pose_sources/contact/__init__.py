"""Self-contact: how deep fingers, hands and limbs of one posed body reach into each other."""

from pose_sources.contact.contact_mesh import ContactMesh, build_contact_mesh
from pose_sources.contact.groups import KINDS
from pose_sources.contact.measure import Contacts, Depth, measure_contacts, mesh_contacts

__all__ = ["KINDS", "ContactMesh", "Contacts", "Depth", "build_contact_mesh", "measure_contacts", "mesh_contacts"]
