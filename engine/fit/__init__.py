"""Speed and memory of a model on this machine, measured before it is downloaded."""
