"""What a model name means, where its file is, and how it gets there."""
