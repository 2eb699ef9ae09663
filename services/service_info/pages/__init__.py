"""The room's pages: what everybody reads (`reading`), and the forms by which the region's admins edit it (`editing`, `forms`)."""
