"""The wizard: from what the user wants to a plan that can run."""
