"""Regions and their areas: rows that a pack writes, and the directory every process keeps of them."""
