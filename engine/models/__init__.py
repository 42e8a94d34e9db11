"""What a model name stands for, where its file is, and how it is downloaded."""
