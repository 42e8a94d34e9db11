"""What the user asked for, frozen."""
