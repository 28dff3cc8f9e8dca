//! What a user does: steps with requests, what must hold of the answers, and what is taken from them.

mod cookies;
mod feed;
mod json;
mod step;
mod template;

pub(crate) use cookies::Cookies;
pub use feed::{Feed, FeedError, Order};
pub use json::{JsonPath, JsonPathError};
pub use step::{
    BodyText, Check, Extract, Journey, Pause, Prepared, Request, RequestError, Source, Step,
};
pub use template::{Scope, Template, TemplateError, Values};
