//! Forecasts and dates: cases, real series, and disks whose end is known.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod disks;
#[cfg(test)]
mod known;
#[cfg(test)]
mod learnt;
#[cfg(test)]
mod line;
#[cfg(test)]
mod odd;
#[cfg(test)]
mod real;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tested;
#[cfg(test)]
mod zones;
