"""The statistics every room may use: fitting, calibration, contributions, ranges, model files."""
