//! What can be typed after `plimsoll load import`.

use std::path::PathBuf;

use clap::Args;
use load::ImportFormat;

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A recording of a browser (HAR), a description of an HTTP API (openapi 3), a Postman collection, a plan of JMeter, an access
    /// log, or a file with command lines of curl, wrk, hey, oha or vegeta; `-` is standard input.
    pub(crate) file: PathBuf,
    /// What it is, if it is not to be found out: `har`, `openapi`, `postman`, `jmx`, `access-log` or `commands`.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<ImportFormat>,
    /// Where the plan is written; standard output if not said.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// The address that paths lead to, in place of the one that the file names.
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,
    /// Takes operations over that may change something, where a description has them.
    #[arg(long)]
    pub(crate) writes: bool,
    /// Takes pictures, scripts and styles of a recording over.
    #[arg(long)]
    pub(crate) all_files: bool,
}
