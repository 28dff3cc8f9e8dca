//! Whole tests: the real program with real peers, on real sockets and files.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod first_page;
#[cfg(test)]
mod opentelemetry;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod program;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod web;
