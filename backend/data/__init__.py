"""What is kept: the database and its sessions, blobs, events and deliveries, the audit log, and the one unit of work."""
