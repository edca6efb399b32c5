from cuffs.humgen3d.addon import AddOn, find_addon
from cuffs.humgen3d.content import Content, content_folder, read_content
from cuffs.humgen3d.records import HumanSpec, Member

__all__ = ["AddOn", "Content", "HumanSpec", "Member", "content_folder", "find_addon", "read_content"]
