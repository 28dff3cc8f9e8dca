//! Whole tests: a server in this process, asked over real sockets; and the pages it writes about itself.

#[cfg(test)]
mod alerting;
#[cfg(test)]
mod api;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod house;
#[cfg(test)]
mod live;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod remote;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod two_servers;
