"""What the commands do, one module a kind. Imported only by the command that runs."""
