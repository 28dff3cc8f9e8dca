//! Planning through the API.

mod plans;
mod planted;
mod prospects;
mod quotas;
mod services;
mod sizes;
mod tested;
