"""The edge: authentication, regions in paths, problem documents, paging, idempotency, ETags, limits, OpenAPI."""
