//! What a comparison says of simulated and of real runs, and how often it is wrong.

#[cfg(test)]
mod calibration;
#[cfg(test)]
mod comparison;
