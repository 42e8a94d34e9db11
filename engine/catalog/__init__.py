"""The models and licenses that weighin knows, with sources, and what follows from them."""
