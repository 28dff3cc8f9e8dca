//! Rules in a server: how they go, what they cost, what they would have done, and what is usual.

mod baselines;
mod shown;
