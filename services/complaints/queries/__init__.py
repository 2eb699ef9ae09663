"""Questions about complaints: one case whole, and lists of many. Each says who asks, so that nobody learns of a secret one."""
