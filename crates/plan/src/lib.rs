//! When will it be too small: forecasts and the date a line is reached; pure.
