//! Slack's Web API: a message is posted once and changed as things change.
//!
//! <https://docs.slack.dev/reference/methods/chat.postMessage>,
//! <https://docs.slack.dev/reference/methods/chat.update>,
//! <https://docs.slack.dev/reference/methods/conversations.history>.

use std::sync::Mutex;

use model::{Severity, Span};
use serde_json::{Value, json};
use settings::SecretSource;

use super::{Call, slack, unread};
use crate::deliver::{Parcel, Posted, Verdict, hear, judge};

/// Where Slack listens.
pub(crate) const ADDRESS: &str = "https://slack.com/api";
/// The most of an answer that is read, in bytes: 100 messages with what they carry.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// The name under which our messages say who they are.
const EVENT_TYPE: &str = "plimsoll_alert";
/// Clocks may differ by so much.
const SKEW: Span = Span::minutes(2);

/// What errors mean that somebody has to mend.
const BROKEN: [&str; 13] = [
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "no_permission",
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "ekm_access_denied",
    "org_login_required",
];
/// What says that a message cannot be changed any more, so that a new one is due.
const GONE: [&str; 4] =
    ["message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"];

/// A channel of Slack's, told by a bot.
#[derive(Debug)]
pub struct SlackApi {
    /// Where Slack listens.
    url: String,
    /// The bot's token.
    token: SecretSource,
    /// The channel's identity, or its name.
    channel: String,
    /// The channel's identity as Slack gave it.
    known: Mutex<Option<String>>,
}

impl SlackApi {
    /// A channel, and the token of a bot that may write there.
    pub fn new(token: SecretSource, channel: &str) -> Self {
        Self {
            url: ADDRESS.to_owned(),
            token,
            channel: channel.to_owned(),
            known: Mutex::default(),
        }
    }

    /// The same by way of another address.
    #[must_use]
    pub fn at(mut self, url: &str) -> Self {
        url.trim_end_matches('/').clone_into(&mut self.url);
        self
    }

    pub(super) async fn send(&self, call: &Call<'_>, parcel: &Parcel) -> Verdict {
        match self.tell(call, parcel).await {
            Ok(posted) => Verdict::Done(Some(posted)),
            Err(verdict) => verdict,
        }
    }

    async fn tell(&self, call: &Call<'_>, parcel: &Parcel) -> Result<Posted, Verdict> {
        let Some(posted) = &parcel.posted else {
            let thread =
                parcel.thread.as_ref().map(|own| (own, parcel.words.severity == "critical"));
            return self.post(call, parcel, thread).await;
        };
        let mut body = slack::body(&parcel.words, Some(&posted.channel));
        body["ts"] = json!(posted.ts);
        match self.call(call, "chat.update", &body).await? {
            Ok(_) => {}
            Err(error) if GONE.contains(&&*error) => return self.post(call, parcel, None).await,
            Err(error) => return Err(verdict_of(&error)),
        }
        // Nobody is called by a change; what got worse, or lasts, is said aloud below it.
        let rank = |word: &str| Severity::from_label(word);
        let worse = parcel.words.firing && rank(parcel.words.severity) > rank(&posted.severity);
        if worse || parcel.body["notification_reason"] == "repeat interval elapsed" {
            self.post(call, parcel, Some((posted, true))).await?;
        }
        let severity = parcel.words.severity.to_owned();
        Ok(Posted { severity, ..posted.clone() })
    }

    /// Posts a message, below another one if that is given, and then aloud or not; looks first
    /// whether it stands there already.
    async fn post(
        &self,
        call: &Call<'_>,
        parcel: &Parcel,
        below: Option<(&Posted, bool)>,
    ) -> Result<Posted, Verdict> {
        let severity = parcel.words.severity.to_owned();
        let channel = below.map_or(self.channel.as_str(), |(own, _)| own.channel.as_str());
        if parcel.maybe_told
            && let Some((channel, ts)) = self.found(call, parcel, below).await?
        {
            return Ok(Posted { channel, ts, severity });
        }
        let mut body = slack::body(&parcel.words, Some(channel));
        body["metadata"] = json!({
            "event_type": EVENT_TYPE,
            "event_payload": {"key": parcel.key},
        });
        if let Some((above, aloud)) = below {
            body["thread_ts"] = json!(above.ts);
            body["reply_broadcast"] = json!(aloud);
        }
        let answer = self.call(call, "chat.postMessage", &body).await?;
        let answer = answer.map_err(|error| verdict_of(&error))?;
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let (channel, ts) = (text("channel"), text("ts"));
        if !channel.is_empty() {
            self.learn(&channel);
        }
        Ok(Posted { channel, ts, severity })
    }

    /// The message of this key, should it stand there although nobody said so.
    async fn found(
        &self,
        call: &Call<'_>,
        parcel: &Parcel,
        below: Option<(&Posted, bool)>,
    ) -> Result<Option<(String, String)>, Verdict> {
        let Some(channel) = below.map(|(own, _)| own.channel.clone()).or_else(|| self.identity())
        else {
            return Ok(None);
        };
        let oldest = (parcel.first_due - SKEW).millis().max(0) / 1_000;
        let mut query = vec![
            ("channel", channel.clone()),
            ("oldest", oldest.to_string()),
            ("limit", "100".to_owned()),
            ("include_all_metadata", "true".to_owned()),
        ];
        let method = match below {
            Some((above, _)) => {
                query.push(("ts", above.ts.clone()));
                "conversations.replies"
            }
            None => "conversations.history",
        };
        let token = self.token.read().map_err(|error| unread(&error))?;
        let mut address = reqwest::Url::parse(&format!("{}/{method}", self.url))
            .map_err(|error| Verdict::broken(error.to_string()))?;
        address.query_pairs_mut().extend_pairs(query);
        let request = call.client.get(address).bearer_auth(token.reveal());
        let answer = heard(call, request).await?;
        // A bot that may not read posts once more rather than not at all.
        let Ok(answer) = answer else { return Ok(None) };
        let messages = answer["messages"].as_array().into_iter().flatten();
        let mut own = messages.filter(|own| own["metadata"]["event_type"] == EVENT_TYPE);
        let found = own.find(|own| own["metadata"]["event_payload"]["key"] == parcel.key);
        Ok(found.and_then(|own| Some((channel, own["ts"].as_str()?.to_owned()))))
    }

    /// The channel's identity, if it is known.
    fn identity(&self) -> Option<String> {
        let is_identity = self.channel.len() >= 9
            && self.channel.starts_with(['C', 'G', 'D'])
            && self.channel.chars().all(|own| own.is_ascii_uppercase() || own.is_ascii_digit());
        if is_identity {
            return Some(self.channel.clone());
        }
        self.known.lock().ok()?.clone()
    }

    fn learn(&self, channel: &str) {
        if let Ok(mut known) = self.known.lock() {
            *known = Some(channel.to_owned());
        }
    }

    async fn call(
        &self,
        call: &Call<'_>,
        method: &str,
        body: &Value,
    ) -> Result<Result<Value, String>, Verdict> {
        let token = self.token.read().map_err(|error| unread(&error))?;
        let request =
            call.client.post(format!("{}/{method}", self.url)).bearer_auth(token.reveal());
        heard(call, request.json(body)).await
    }
}

/// What Slack answers: a document, or the word for what went wrong.
async fn heard(
    call: &Call<'_>,
    request: reqwest::RequestBuilder,
) -> Result<Result<Value, String>, Verdict> {
    let heard = hear(call.client, request, ANSWER_BYTES_MAX).await?;
    let answer: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
    if answer["ok"] == true {
        return Ok(Ok(answer));
    }
    if let Some(error) = answer["error"].as_str().filter(|own| *own != "ratelimited") {
        return Ok(Err(error.to_owned()));
    }
    // Slack says `ok` in every answer of its own; whatever stands between does not.
    let status = if heard.status < 300 { 502 } else { heard.status };
    let text = String::from_utf8_lossy(heard.body.get(..400).unwrap_or(&heard.body));
    Err(judge(status, heard.retry_after.as_deref(), &text, call.now))
}

fn verdict_of(error: &str) -> Verdict {
    let said = format!("Slack answered {error}");
    if BROKEN.contains(&error) {
        return Verdict::broken(said);
    }
    match error {
        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "rate_limited" => Verdict::later(said),
        _ => Verdict::Refused { error: said },
    }
}

impl Clone for SlackApi {
    fn clone(&self) -> Self {
        Self::new(self.token.clone(), &self.channel).at(&self.url)
    }
}

impl PartialEq for SlackApi {
    fn eq(&self, other: &Self) -> bool {
        (&self.url, &self.token, &self.channel) == (&other.url, &other.token, &other.channel)
    }
}

impl Eq for SlackApi {}
