"""What a run depends on: the types of a plan, its checks, its files."""
