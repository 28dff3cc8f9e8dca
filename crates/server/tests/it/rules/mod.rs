//! Rules in a server: how they go, what they cost, what they would have done, what is usual, and who was told.

mod baselines;
mod shown;
mod told;
