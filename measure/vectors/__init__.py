"""Known answers for the statistics, made by independent implementations."""
