//! Rules in a server: how they go, what they cost, what they would have done.

mod shown;
