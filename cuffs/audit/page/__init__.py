"""The audit as a page: one file that opens from disk, with nothing fetched from anywhere."""
