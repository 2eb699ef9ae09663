"""Pages of accounts: staff sign in and out and choose their password; admins invite, change and disable (`staff`)."""
