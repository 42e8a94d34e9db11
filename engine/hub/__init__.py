"""Models from the Hugging Face hub, from folders and other programs' stores; bundles for boxes without a network."""
