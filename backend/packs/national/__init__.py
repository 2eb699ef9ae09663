"""Indonesia's administrative areas as the ministry numbers them, and what follows from a province. Read where a pack is made."""
