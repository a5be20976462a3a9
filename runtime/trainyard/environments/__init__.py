"""The environment that a model was logged with, built beside the box and used in the box alone."""
