//! Numbers of many runs, and how they are written.

use crate::{push::pct, suite::Q};

pub fn median(v: &[f64]) -> f64 {
    let mut v: Vec<f64> = v.iter().copied().filter(|x| x.is_finite()).collect();
    v.sort_by(|a, b| a.partial_cmp(b).unwrap());
    if v.is_empty() {
        f64::NAN
    } else if v.len() % 2 == 1 {
        v[v.len() / 2]
    } else {
        (v[v.len() / 2 - 1] + v[v.len() / 2]) / 2.0
    }
}

pub fn num(x: f64) -> String {
    let a = x.abs();
    if !x.is_finite() {
        "–".into()
    } else if a >= 10000.0 {
        // thousands separators
        let s = format!("{:.0}", a);
        let mut o = String::new();
        for (i, c) in s.chars().enumerate() {
            if i > 0 && (s.len() - i) % 3 == 0 {
                o.push(',');
            }
            o.push(c);
        }
        o
    } else if a >= 100.0 {
        format!("{x:.0}")
    } else if a >= 10.0 {
        format!("{x:.1}")
    } else if x == 0.0 {
        "0".into()
    } else {
        format!("{x:.2}")
    }
}

/// `NaN` of nothing; figures of 0 and below are left out.
pub fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let logs: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::ln).collect();
    if logs.is_empty() { f64::NAN } else { (logs.iter().sum::<f64>() / logs.len() as f64).exp() }
}

pub fn ratio(a: f64, b: f64) -> String {
    if a.is_finite() && b.is_finite() && b != 0.0 {
        let r = a / b;
        if r >= 10.0 { format!("{r:.0}x") } else { format!("{r:.2}x") }
    } else {
        "–".into()
    }
}

pub fn pooled(q: &Q, p: f64) -> f64 {
    let mut l = q.lat.clone();
    l.sort_by(|a, b| a.partial_cmp(b).unwrap());
    pct(&l, p)
}
