"""The ground: settings, data, regions, accounts, files, HTTP, and the sdk through which rooms see all that."""
