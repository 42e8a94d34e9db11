"""How fast a model runs here and how much memory it takes, measured before it is downloaded."""
