"""Region packs: folders of YAML and GeoJSON that make a region; read, checked and applied. `shipped/` holds ours."""
