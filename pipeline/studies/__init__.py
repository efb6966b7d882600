"""The parts of a study of calibration (`apportion calibrate`), run by people and by no stage."""
