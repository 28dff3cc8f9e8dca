//! Slack's incoming web hooks: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.

use serde_json::{Value, json};

use super::words::Words;

/// The message as Slack shows it.
pub(super) fn body(words: &Words, channel: Option<&str>) -> Value {
    let colour = match (words.firing, words.severity) {
        (false, _) => "good",
        (true, "critical") => "danger",
        (true, _) => "warning",
    };
    let title = escape(&words.title);
    let lines: Vec<String> = words.lines.iter().map(|line| escape(line)).collect();
    let mut body = json!({
        "text": title,
        "attachments": [{
            "color": colour,
            "fallback": title,
            "title": title,
            "title_link": words.link,
            "text": lines.join("\n"),
        }],
    });
    if let Some(channel) = channel {
        body["channel"] = json!(channel);
    }
    body
}

/// What Slack takes for its own signs, so that nobody is called by `<!channel>` in a label:
/// <https://docs.slack.dev/messaging/formatting-message-text#escaping>.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
