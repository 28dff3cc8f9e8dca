//! What speaks for an alert, as messages and the journal hold it.

use jiff::Timestamp;
use model::{Change, ChangeDetails, ChangeKind, ChangeStatus, Evidence, NormalBand, Time, Unit};
use serde_json::{Map, Value, json};

/// Changes that one message names.
const NAMED_MAX: usize = 5;

/// Evidence as a JSON object; nothing if there is none.
pub fn evidence_json(evidence: &Evidence) -> Option<Value> {
    if evidence.is_empty() {
        return None;
    }
    let normal = evidence.normal.map(|band| {
        json!({
            "low": band.low,
            "high": band.high,
            "days": band.days,
            "unit": band.unit.word(),
            "text": band.say(),
        })
    });
    let changes: Vec<Value> = evidence.changes().iter().map(change_json).collect();
    Some(json!({"normal": normal, "changes": changes}))
}

/// The evidence that such an object holds; none if it is nothing of the kind.
pub fn evidence_of(json: &Value) -> Evidence {
    let changes = json["changes"].as_array().into_iter().flatten();
    Evidence::new(band_of(&json["normal"]), changes.filter_map(change_of).collect())
}

fn band_of(json: &Value) -> Option<NormalBand> {
    Some(NormalBand {
        low: json["low"].as_f64()?,
        high: json["high"].as_f64()?,
        days: json["days"].as_u64().and_then(|days| u32::try_from(days).ok())?,
        unit: Unit::from_word(json["unit"].as_str()?)?,
    })
}

/// A change as a JSON object; times are milliseconds since 1970, what is not known is left out.
pub fn change_json(change: &Change) -> Value {
    let mut json = Map::new();
    json.insert("at".into(), change.at.millis().into());
    json.insert("kind".into(), change.kind.word().into());
    json.insert("subject".into(), change.subject.as_str().into());
    json.insert("text".into(), change.text.as_str().into());
    let own = &change.details;
    let texts = [
        ("service", &own.service),
        ("environment", &own.environment),
        ("version", &own.version),
        ("revision", &own.revision),
        ("actor", &own.actor),
        ("url", &own.url),
        ("source", &own.source),
        ("key", &own.key),
    ];
    for (name, text) in texts {
        json.extend(text.as_ref().map(|text| (name.to_owned(), text.as_str().into())));
    }
    json.extend(own.status.map(|status| ("status".to_owned(), status.word().into())));
    json.extend(own.planned.map(|planned| ("planned".to_owned(), planned.into())));
    for (name, time) in [("started", own.started), ("finished", own.finished)] {
        json.extend(time.map(|time| (name.to_owned(), time.millis().into())));
    }
    Value::Object(json)
}

/// The change that such an object holds.
pub fn change_of(json: &Value) -> Option<Change> {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    Some(Change {
        at: Time(json["at"].as_i64()?),
        kind: ChangeKind::from_word(json["kind"].as_str()?)?,
        subject: text("subject")?,
        text: text("text")?,
        details: ChangeDetails {
            service: text("service"),
            environment: text("environment"),
            version: text("version"),
            revision: text("revision"),
            actor: text("actor"),
            url: text("url"),
            source: text("source"),
            key: text("key"),
            status: json["status"].as_str().and_then(ChangeStatus::from_word),
            planned: json["planned"].as_bool(),
            started: json["started"].as_i64().map(Time),
            finished: json["finished"].as_i64().map(Time),
        },
    })
}

/// What is usual, of an alert of a message.
pub(super) fn usual(alert: &Value) -> Option<&str> {
    alert["evidence"]["normal"]["text"].as_str()
}

/// The value of an alert of a message, in the unit of what is usual where that is known.
pub(super) fn value(alert: &Value) -> Option<String> {
    let unit = alert["evidence"]["normal"]["unit"].as_str().and_then(Unit::from_word);
    alert["value"].as_f64().map(|value| unit.unwrap_or(Unit::Count).say(value))
}

/// What was changed before the alerts of a message that fire, each change once.
pub(super) fn changed(alerts: &[Value]) -> Option<String> {
    let mut said: Vec<String> = Vec::new();
    for alert in alerts.iter().filter(|alert| alert["status"] == "firing") {
        for json in alert["evidence"]["changes"].as_array().into_iter().flatten() {
            let Some(change) = change_of(json) else { continue };
            let text = format!("{} ({})", change.say(), hour(change.at));
            if said.len() < NAMED_MAX && !said.contains(&text) {
                said.push(text);
            }
        }
    }
    (!said.is_empty()).then(|| format!("changed in the last 30 min: {}", said.join("; ")))
}

/// `10:26 UTC`.
fn hour(at: Time) -> String {
    let moment = Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.strftime("%H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> Change {
        let text = "version 1.4.2 was brought to production";
        // 18 November 2026, 10:26:40.
        let at = Time(1_794_997_600_000);
        let mut change = Change::new(at, ChangeKind::Deployment, "api", text);
        change.details = ChangeDetails {
            service: Some("api".into()),
            version: Some("1.4.2".into()),
            status: Some(ChangeStatus::Succeeded),
            planned: Some(true),
            started: Some(Time(5)),
            ..ChangeDetails::default()
        };
        change
    }

    #[test]
    fn evidence_comes_back_as_it_went_in() {
        let normal = NormalBand { low: 0.5, high: 1.5, days: 7, unit: Unit::Seconds };
        let evidence = Evidence::new(Some(normal), vec![deployment()]);
        let json = evidence_json(&evidence).unwrap();
        assert_eq!(evidence_of(&json), evidence);
        assert_eq!(evidence_json(&Evidence::default()), None);
        for foreign in [json!(null), json!([1]), json!({"normal": {"low": "x"}, "changes": [{}]})] {
            assert!(evidence_of(&foreign).is_empty(), "{foreign}");
        }
    }

    #[test]
    fn a_change_is_named_once_however_many_alerts_it_stands_by() {
        let alert = |status| json!({"status": status, "evidence": {"changes": [change_json(&deployment())]}});
        let said = changed(&[alert("firing"), alert("firing")]).unwrap();
        assert_eq!(
            said,
            "changed in the last 30 min: api: version 1.4.2 was brought to production (10:26 UTC)"
        );
        assert_eq!(changed(&[alert("resolved")]), None);
    }
}
