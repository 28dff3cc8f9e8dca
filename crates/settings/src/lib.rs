//! What people write in files: YAML with marked mistakes, turned into nouns.
//!
//! A file is first read into a [`Document`], a tree in which everything knows its place. Fields are
//! then taken from it through a [`Reader`], which collects every [`Mistake`] instead of stopping at
//! the first, so that one look at the output is enough to mend a file.

mod mistake;
mod pattern;
mod reader;
mod reference;
mod settings;
mod table;
mod yaml;

pub use mistake::{Mistake, Mistakes, Place};
pub use pattern::Pattern;
pub use reader::{
    Field, Fields, Placed, Reader, parse_date, parse_duration, parse_share, parse_size,
};
pub use reference::reference;
pub use settings::{
    AlertSettings, Authorization, BaselineSettings, CalendarDay, CalendarEntry, CalendarError,
    CalendarFile, CalendarTime, ChangeHook, ChangeSettings, Channel, Downsample, ExpressionCheck,
    Forward, ForwardProtocol, HeartbeatIn, HeartbeatOut, HistogramForm, HookSender, HostSettings,
    JournalSettings, LoadSettings, MailSecrecy, MailSettings, ObjectiveFile, OtlpSettings,
    PlanningSettings, ProcessWatch, PromotedAttributes, QuerySettings, ReceiveSettings, Receiver,
    Relabel, RelabelAction, RemoteQuery, Scheme, ScrapeJob, ScrapeLimits, SecretSource,
    ServerSettings, Settings, StoreSettings, Sync, TargetGroup, TlsSettings, TranslationStrategy,
    Untaken, WatchedBaseline, WindowSettings, read_icalendar, read_objectives, read_secret,
};
pub use yaml::{Document, Entry, Node, read_text};
