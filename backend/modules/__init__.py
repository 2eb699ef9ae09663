"""The module contract, how modules are found, and the registry that refuses what is broken."""
