"""The room's pages: what everybody reads (`register`), and the forms by which its admins keep it (`keeping`, `forms`)."""
