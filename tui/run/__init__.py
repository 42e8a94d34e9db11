"""One run as the screens see it: its events, the state folded from them, and the stored runs. Without Textual."""
