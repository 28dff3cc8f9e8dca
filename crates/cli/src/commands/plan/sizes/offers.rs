//! Which of the offered sizes somebody means.

use model::Kind;
use serde_json::Value;

use super::text;
use crate::fault::Fault;

/// Sizes that differ by less are the same; a number that is typed is exact.
const SAME: f64 = 1e-6;

/// The place of what is accepted among what is offered; nothing where it is what is proposed.
pub(super) fn wanted(item: &Value, wanted: Option<&str>) -> Result<Option<usize>, Fault> {
    let offers = item["frontier"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(why) = item["why_not"].as_str() {
        return Err(Fault::new(
            Kind::Invalid,
            format!("nothing is proposed for {}: {why}", text(item, "title")),
        ));
    }
    let others = || {
        let others = offers.iter().filter(|own| own["role"] != "current").map(told);
        let others: Vec<String> = others.collect();
        format!("offered are {}", others.join(", "))
    };
    let Some(wanted) = wanted else {
        if item["proposed"].is_null() {
            let text = format!("nothing is proposed for {}", text(item, "title"));
            return Err(Fault::new(Kind::Invalid, text).help(format!(
                "name a size with --offer to change it all the same; {}",
                others()
            )));
        }
        return Ok(None);
    };
    let found: Vec<(usize, &Value)> =
        offers.iter().enumerate().filter(|(_, own)| is_meant(own, wanted)).collect();
    match found.as_slice() {
        [(_, own)] if own["role"] == "current" => {
            Err(Fault::new(Kind::Invalid, format!("{} is the size it has", told(own)))
                .help(others()))
        }
        [(at, _)] => Ok(Some(*at)),
        [] => {
            Err(Fault::new(Kind::Missing, format!("no size {wanted:?} is offered")).help(others()))
        }
        several => {
            let names: Vec<String> = several.iter().map(|(_, own)| told(own)).collect();
            Err(Fault::new(Kind::Invalid, format!("{wanted:?} is more than one size"))
                .help(format!("name one by its SKU: {}", names.join(", "))))
        }
    }
}

/// «m5.large (2 cores, 8 GiB)», or «2 cores» where it has no name.
pub(super) fn told(own: &Value) -> String {
    let size = text(own, "text");
    match own["name"].as_str() {
        Some(name) if !size.is_empty() => format!("{name} ({size})"),
        Some(name) => name.to_owned(),
        None => size,
    }
}

/// Whether it is called so, has this size in words, or has just this much of its only part.
fn is_meant(own: &Value, wanted: &str) -> bool {
    let plain = |text: &str| text.replace(char::is_whitespace, "").to_lowercase();
    let named = own["name"].as_str().is_some_and(|name| plain(name) == plain(wanted));
    if named || plain(&text(own, "text")) == plain(wanted) {
        return true;
    }
    let typed = wanted.trim().parse::<f64>().ok();
    let typed = typed.or_else(|| settings::parse_size(&plain(wanted)).map(|own| own as f64));
    let Some((typed, [size])) = typed.zip(own["sizes"].as_array().map(Vec::as_slice)) else {
        return false;
    };
    size.as_f64().is_some_and(|size| (size - typed).abs() <= SAME * size.abs())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item() -> Value {
        json!({ "title": "CPU of web-1", "why_not": null, "proposed": null, "frontier": [
            { "name": "small", "text": "2 cores", "sizes": [2.0], "role": null },
            { "name": "other", "text": "2 cores", "sizes": [2.0], "role": null },
            { "name": "large", "text": "8 cores", "sizes": [8.0], "role": "current" },
            { "name": null, "text": "4 GiB", "sizes": [4_294_967_296.0], "role": null } ] })
    }

    #[test]
    fn an_offer_is_named_by_its_sku_or_its_size() {
        let item = item();
        let of = |name: &str| wanted(&item, Some(name)).unwrap();
        assert_eq!((of("SMALL"), of("4gib"), of("4294967296")), (Some(0), Some(3), Some(3)));
    }

    #[test]
    fn what_is_not_offered_is_refused_with_what_is() {
        let item = item();
        let of = |name: Option<&str>| format!("{:?}", wanted(&item, name).unwrap_err());
        for name in [None, Some("middle"), Some("large")] {
            let said = of(name);
            assert!(said.contains("offered are small (2 cores), other (2 cores), 4 GiB"), "{said}");
        }
        assert!(of(Some("large")).contains("is the size it has"));
        assert!(of(Some("2 cores")).contains("more than one size"));
    }
}
