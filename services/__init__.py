"""The rooms: one folder per service module, all on one plan, none knowing another."""
