"""What Trainyard runs beside a model, in the model's own Python environment."""
