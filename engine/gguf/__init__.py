"""GGUF files: reading headers of files nobody vouches for, and finding models on disk."""
