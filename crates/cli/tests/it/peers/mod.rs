//! Real programs beside ours: what they send us, what we fetch from them, what we send them.

mod alertmanager;
mod forwarding;
mod prometheus;
mod scraping;
mod shop;
