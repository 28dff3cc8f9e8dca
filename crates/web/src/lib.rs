//! The built pages, embedded. A leaf: nothing below it changes when Rust code does.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../ui/dist"]
#[allow_missing = true]
struct Pages;

const NO_PAGES: &str = "<!doctype html><html lang=\"en\"><title>Plimsoll</title>\
<p>This build has no pages. Run <code>make ui</code>, then build and start it again. The API works.</p>";

/// A file of the pages.
#[derive(Debug)]
pub struct Page {
    /// Its bytes.
    pub body: Cow<'static, [u8]>,
    /// Its media type.
    pub media_type: &'static str,
    /// Whether a browser may keep it for ever: its name changes with its content.
    pub immutable: bool,
}

/// The file at a path; nothing for a path that names a file which is not there.
///
/// Paths without an extension in their last part are places inside the app, so they get its first page.
pub fn page(path: &str) -> Option<Page> {
    let path = path.trim_start_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    if let Some(file) = Pages::get(path) {
        let immutable = path.starts_with("assets/");
        return Some(Page { body: file.data, media_type: media_type(last), immutable });
    }
    if last.contains('.') {
        return None;
    }
    let body =
        Pages::get("index.html").map_or(Cow::Borrowed(NO_PAGES.as_bytes()), |file| file.data);
    Some(Page { body, media_type: "text/html; charset=utf-8", immutable: false })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" | "webmanifest" => "application/json",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
