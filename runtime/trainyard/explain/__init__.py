"""What a model's answers hang on: how much each input takes part in them, measured on the holdout within a time."""
