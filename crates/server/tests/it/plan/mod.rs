//! Planning through the API.

mod prospects;
mod services;
