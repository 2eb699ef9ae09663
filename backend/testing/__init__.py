"""A real installation for tests: PostgreSQL and Valkey of its own, migrated, with regions. Guests use it as the house does."""
