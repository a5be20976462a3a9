"""The box that user code runs in, by the standard library alone: it starts before any package is looked for."""
