"""Routes of packs: the pack as a whole, its modules' settings, its tables. All are for admins."""

CONFIGURE = "regions.configure"
