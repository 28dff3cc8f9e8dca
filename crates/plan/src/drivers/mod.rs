//! How one figure follows another: curves that physics allow, weighed by evidence, with intervals, and what is known
//! before anything was measured.

mod fit;
mod form;
mod read;
mod response;
mod table;

pub use form::{Curve, Form};
pub use read::{read_drivers, reference};
pub(crate) use response::ranged;
pub use response::{Following, NoResponse, Range, Response, respond};
pub use table::{Column, Recorded, Source, table};
