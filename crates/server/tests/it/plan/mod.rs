//! Planning through the API.

mod plans;
mod prospects;
mod quotas;
mod services;
mod sizes;
mod tested;
