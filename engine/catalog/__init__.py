"""The models and licenses that weighin ships facts about, and what follows from those facts."""
