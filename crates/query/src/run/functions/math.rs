//! Functions of one number, with Prometheus' treatment of not-a-number and infinity.

/// The function of a name, if it takes one value to one value.
pub(super) fn of_one_value(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => |value| {
            if value.abs() > HALF_OF_EXP {
                half_of_exp(value.abs()).copysign(value)
            } else {
                value.sinh()
            }
        },
        "cosh" => {
            |value| if value.abs() > HALF_OF_EXP { half_of_exp(value.abs()) } else { value.cosh() }
        }
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "deg" => |value| value * 180.0 / std::f64::consts::PI,
        "rad" => |value| value * std::f64::consts::PI / 180.0,
        "sgn" => sign,
        _ => return None,
    })
}

/// From here on the other half of `sinh` and `cosh` is too small to matter, and Prometheus leaves it out; so do we, to
/// become infinite where it does.
const HALF_OF_EXP: f64 = 21.0;

fn half_of_exp(value: f64) -> f64 {
    value.exp() * 0.5
}

fn sign(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

/// The larger value; not a number if either is not, unless one is infinite.
pub(super) fn largest(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// The smaller value; not a number if either is not, unless one is infinite.
pub(super) fn smallest(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.min(b)
    }
}

/// Rounds to the nearest multiple, halves up.
pub(super) fn round(value: f64, nearest: f64) -> f64 {
    // Dividing by the inverse keeps 0.1 and its kin exact.
    let inverse = 1.0 / nearest;
    (value * inverse + 0.5).floor() / inverse
}

/// A number as messages and labels show it: `NaN`, `+Inf`, `1.5`.
pub(in crate::run) fn shown(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}
