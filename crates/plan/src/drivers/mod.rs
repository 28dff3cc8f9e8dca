//! How one figure follows another: curves that physics allow, weighed by evidence, with intervals, and what is known
//! before anything was measured.

mod far;
mod fit;
mod form;
mod read;
mod response;
mod suggest;
mod table;

pub(crate) use far::{Drawn, GUESS, OTHER_EVERY};
pub use form::{Curve, Form};
pub use read::{read_drivers, reference};
pub use response::{Following, NoResponse, Range, Response, respond};
pub(crate) use response::{averaged, ranged};
pub use suggest::{Figure, Suggestion, suggest};
pub use table::{Column, Recorded, Source, table};
