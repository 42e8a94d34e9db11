"""What runs in the sandboxed process. Stands alone: it is started with nothing but Python's own library in reach."""
