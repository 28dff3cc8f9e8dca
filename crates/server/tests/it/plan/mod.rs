//! Planning through the API.

mod services;
