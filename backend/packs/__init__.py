"""Region packs: folders of YAML and GeoJSON that make a region; read, checked, planned, applied, kept. `shipped/` holds ours."""

from backend.packs.declaration import module as module
