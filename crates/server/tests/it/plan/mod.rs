//! Planning through the API.

mod learnt;
mod plans;
mod planted;
mod prospects;
mod quotas;
mod services;
mod sized;
mod sizes;
mod tested;
