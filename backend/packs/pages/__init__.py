"""Pages for a region's admin: modules and their settings, tables, the pack and its versions. All under `/r/<region>/settings`."""
