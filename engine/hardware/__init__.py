"""What this machine can do, and whether it is busy with something else."""
