"""Your own data as suites: files, data sets on the hub, columns, previews."""
