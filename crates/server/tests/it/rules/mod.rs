//! Rules in a server: how they go, what they cost, what they would have done, what is usual, what is promised, and who was told.

mod baselines;
mod objectives;
mod shown;
mod told;
