"""Everything the user touches: the command line and the terminal app."""
