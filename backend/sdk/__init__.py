"""The seam: everything a room may know of the ground. Re-exports only; `module`, `domain`, `data`, `web`, `work`."""
