"""The headless core of weighin: measuring, comparing and choosing. It knows no screen."""
