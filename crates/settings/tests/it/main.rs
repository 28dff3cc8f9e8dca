//! Whole settings files, read as a person's would be.

#[cfg(test)]
mod messages;
#[cfg(test)]
mod objectives;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod tables;
