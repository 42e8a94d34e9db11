"""The Hugging Face hub: listing repos, downloading files, and reading the cache."""
