"""Kinds of model by family: a module for each."""
