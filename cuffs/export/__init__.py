"""A dataset in the forms that others read: BEDLAM, Multi-HMR, COCO-WholeBody, Hugging Face, AGORA."""

from cuffs.export.run import FORMATS, ExportFormat, export_dataset

__all__ = ["FORMATS", "ExportFormat", "export_dataset"]
