//! The review of one machine, container, pool or cache: what there is, what would do, the risk and the money of each.

use std::{cmp::Ordering, collections::BTreeMap};

use model::{Nature, Unit};

use super::{
    CachePast, Machine, Need, NoSizing, Prices, SizePolicy, Walk, cache::cache_need, fits_units,
    need, past::Past, prices::ladder, stock::stock_need,
};

/// Sizes that differ by less are the same: a machine sold with 16 GiB tells a few percent less.
const SAME: f64 = 0.06;
/// More offers no table shows; those that are worse in risk and money than another go first.
const OFFERS_MAX: usize = 24;

/// One resource of what is reviewed.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The resource's name, as price lists have it.
    pub resource: &'a str,
    /// What it counts.
    pub unit: Unit,
    /// Whether it fills, or comes and goes.
    pub nature: Nature,
    /// Its recorded use.
    pub machine: Machine<'a>,
    /// How much there is now.
    pub limit: f64,
    /// The share of a size that is meant to be used: the line at which people are told.
    pub line: f64,
    /// Of a cache, how it fared; nothing of anything else, or where nobody knows.
    pub cache: Option<CachePast>,
    /// The walks of others of its kind.
    pub fleet: &'a Walk,
}

impl Part<'_> {
    /// What a size of it must do: what fills must fit at all times.
    fn policy(&self, sure: f64) -> SizePolicy {
        let policy = SizePolicy::of(self.unit, sure);
        if self.nature == Nature::Stock { SizePolicy { over: 0.0, ..policy } } else { policy }
    }

    /// A cache that throws out: it is full whatever its size.
    fn evicting(&self) -> Option<CachePast> {
        self.cache.filter(|own| own.evicts())
    }

    fn need(&self, sure: f64) -> Result<Need, NoSizing> {
        if let Some(cache) = self.evicting() {
            return cache_need(self.machine, cache, self.limit * self.line);
        }
        match self.nature {
            Nature::Stock => stock_need(self.machine, sure),
            Nature::Flow => need(self.machine, self.fleet, self.policy(sure)),
        }
    }
}

/// A size that could be, or is.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// What the price list calls it.
    pub name: Option<String>,
    /// How much of each part it has.
    pub sizes: Vec<f64>,
    /// What it costs a month; nothing without a price.
    pub cost_month: Option<f64>,
    /// What part of the recorded time use lay above it, of the part where that was most.
    pub over: f64,
    /// The same of the line drawn on it.
    pub over_line: f64,
    /// In what part of the weeks walked it would not have done.
    pub weeks_over: f64,
    /// Whether it does.
    pub does: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Less would do.
    Smaller,
    /// It takes more.
    Larger,
    /// It is as it should be.
    Fits,
    /// Nothing that can be had is large enough.
    NoneFits,
}

impl Advice {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Smaller => "smaller",
            Self::Larger => "larger",
            Self::Fits => "fits",
            Self::NoneFits => "none_fits",
        }
    }
}

/// What a review comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// What each part needs.
    pub needs: Vec<Need>,
    /// The offers worth a look, the cheapest (or smallest) first.
    pub frontier: Vec<Offer>,
    /// What there is now, by its place.
    pub current: usize,
    /// What is proposed, by its place; what there is now where that fits.
    pub choice: Option<usize>,
    /// What is to be done.
    pub advice: Advice,
}

impl Review {
    /// What there is now.
    pub fn now(&self) -> &Offer {
        &self.frontier[self.current]
    }

    /// What is proposed instead; nothing where it stays.
    pub fn proposed(&self) -> Option<&Offer> {
        let at = self.choice.filter(|at| *at != self.current)?;
        self.frontier.get(at)
    }

    /// What the proposal saves a month, below nought where it costs more; nothing without prices.
    pub fn saving_month(&self) -> Option<f64> {
        Some(self.now().cost_month? - self.proposed()?.cost_month?)
    }
}

/// Reviews what has these parts (at least one). `names` are what it may be called in the price list, such as the values
/// of its labels: without one of them, its price is known only if exactly one SKU has its sizes.
pub fn review(
    parts: &[Part<'_>],
    prices: Option<&Prices>,
    names: &[&str],
    sure: f64,
) -> Result<Review, NoSizing> {
    let mut needs = Vec::new();
    for part in parts {
        needs.push(part.need(sure)?);
    }
    let pasts: Vec<Past> = parts.iter().map(|part| Past::of(part.machine)).collect();
    let weigh = |name: Option<String>, sizes: Vec<f64>, cost_month: Option<f64>| {
        let mut offer = Offer {
            name,
            sizes,
            cost_month,
            over: 0.0,
            over_line: 0.0,
            weeks_over: 0.0,
            does: true,
        };
        for (((part, past), need), size) in parts.iter().zip(&pasts).zip(&needs).zip(&offer.sizes) {
            let (line, policy) = (size * part.line, part.policy(sure));
            offer.over = offer.over.max(past.over(*size));
            offer.over_line = offer.over_line.max(past.over(line));
            if part.evicting().is_none() {
                offer.weeks_over = offer.weeks_over.max(past.weeks_over(line, policy.over));
            }
            offer.does &= line >= need.needed;
        }
        offer.does &= offer.weeks_over <= 1.0 - sure + 1e-9;
        offer
    };
    let now: Vec<f64> = parts.iter().map(|part| part.limit).collect();
    let listed = prices.map_or_else(Vec::new, |prices| skus(parts, prices));
    for (at, need) in needs.iter().enumerate() {
        fits_units(*need, listed.iter().map(|(_, sizes, _)| sizes[at]))?;
    }
    let mut offers: Vec<Offer> = Vec::new();
    let current = if listed.is_empty() {
        let cost = |sizes: &[f64]| {
            let own = parts
                .iter()
                .zip(sizes)
                .map(|(part, size)| Some(prices?.rate(part.resource)? * size));
            own.sum::<Option<f64>>()
        };
        if let [part] = parts {
            let others = ladder(part.limit, part.unit).into_iter();
            let others = others.map(|size| vec![size]).filter(|sizes| !same(sizes, &now));
            offers.extend(others.map(|sizes| {
                let cost = cost(&sizes);
                weigh(None, sizes, cost)
            }));
        }
        let own = cost(&now);
        weigh(None, now, own)
    } else {
        let own = own_sku(&listed, &now, names).cloned();
        let others = listed.into_iter().filter(|sku| Some(sku) != own.as_ref());
        offers.extend(others.map(|(name, sizes, cost)| weigh(Some(name), sizes, Some(cost))));
        let (name, cost) = own.map_or((None, None), |(name, _, cost)| (Some(name), Some(cost)));
        weigh(name, now, cost)
    };
    Ok(chosen(needs, &offers, &current))
}

/// A SKU with how much of each part it has, and its cost.
type Sku = (String, Vec<f64>, f64);

/// The SKUs that have all parts.
fn skus(parts: &[Part<'_>], prices: &Prices) -> Vec<Sku> {
    let mut found: BTreeMap<&str, (Vec<Option<f64>>, f64)> = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        for own in prices.of(part.resource) {
            let empty = || (vec![None; parts.len()], own.cost_month);
            found.entry(&own.name).or_insert_with(empty).0[at] = Some(own.size);
        }
    }
    found
        .into_iter()
        .filter_map(|(name, (sizes, cost))| {
            Some((name.to_owned(), sizes.into_iter().collect::<Option<Vec<f64>>>()?, cost))
        })
        .collect()
}

/// The SKU that is there now: the one it is called by, or else the only one of its sizes.
fn own_sku<'s>(listed: &'s [Sku], now: &[f64], names: &[&str]) -> Option<&'s Sku> {
    if let Some(named) = listed.iter().find(|(name, ..)| names.contains(&name.as_str())) {
        return Some(named);
    }
    let mut alike = listed.iter().filter(|(_, sizes, _)| same(sizes, now));
    let first = alike.next()?;
    alike.next().is_none().then_some(first)
}

fn same(sizes: &[f64], others: &[f64]) -> bool {
    sizes.iter().zip(others).all(|(a, b)| (a - b).abs() <= SAME * b.abs())
}

/// The cheaper first; where a price is missing, the smaller.
fn order(a: &Offer, b: &Offer) -> Ordering {
    let by_cost = match (a.cost_month, b.cost_month) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => Ordering::Equal,
    };
    let (mut less, mut more) = (false, false);
    for (a, b) in a.sizes.iter().zip(&b.sizes) {
        less |= a < b;
        more |= a > b;
    }
    by_cost.then(match (less, more) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => Ordering::Equal,
    })
}

fn chosen(needs: Vec<Need>, offers: &[Offer], current: &Offer) -> Review {
    let best = offers.iter().filter(|own| own.does).min_by(|a, b| order(a, b)).cloned();
    let (advice, choice) = match best {
        Some(best) if current.does => match order(&best, current) {
            Ordering::Less => (Advice::Smaller, Some(best)),
            _ => (Advice::Fits, Some(current.clone())),
        },
        Some(best) => (Advice::Larger, Some(best)),
        None if current.does => (Advice::Fits, Some(current.clone())),
        None => (Advice::NoneFits, None),
    };
    let mut frontier: Vec<Offer> = offers
        .iter()
        .filter(|own| {
            Some(*own) == choice.as_ref()
                || !worse(own, offers)
                || is_between(own, choice.as_ref(), current) && !is_dear(own, offers)
        })
        .cloned()
        .collect();
    frontier.sort_by(|a, b| size_of(a).total_cmp(&size_of(b)));
    while frontier.len() >= OFFERS_MAX {
        // The least telling are those far above what is needed.
        let last = frontier.iter().rposition(|own| Some(own) != choice.as_ref());
        let Some(last) = last else { break };
        frontier.remove(last);
    }
    let place = frontier.partition_point(|own| size_of(own) < size_of(current));
    frontier.insert(place, current.clone());
    let at = |wanted: &Offer| frontier.iter().position(|own| own == wanted);
    let choice = match advice {
        Advice::Fits => Some(place),
        _ => choice.as_ref().and_then(at),
    };
    Review { needs, frontier, current: place, choice, advice }
}

/// What offers are sorted by, where money is known for all or for none.
fn size_of(own: &Offer) -> f64 {
    own.sizes.iter().map(|size| size.max(1e-12).ln()).sum()
}

/// Whether it lies between what is proposed and what there is: who shrinks with care may want it, whatever the past says.
fn is_between(own: &Offer, choice: Option<&Offer>, current: &Offer) -> bool {
    let Some(choice) = choice else { return false };
    let ends = [size_of(choice), size_of(current)];
    let size = size_of(own);
    ends[0].min(ends[1]) < size && size < ends[0].max(ends[1])
}

/// Whether another has at least as much of everything, and costs less.
fn is_dear(own: &Offer, offers: &[Offer]) -> bool {
    offers.iter().any(|other| {
        let as_large = other.sizes.iter().zip(&own.sizes).all(|(other, own)| other >= own);
        as_large && other.cost_month < own.cost_month
    })
}

/// Whether another offer is better in one of risk and money and not worse in the other.
fn worse(own: &Offer, offers: &[Offer]) -> bool {
    let Some(cost) = own.cost_month else { return false };
    offers.iter().any(|other| {
        let Some(others) = other.cost_month else { return false };
        let (a, b) = ((others, other.over_line), (cost, own.over_line));
        a.0 <= b.0 && a.1 <= b.1 && (a.0 < b.0 || a.1 < b.1) && (other.does || !own.does)
    })
}

#[cfg(test)]
mod tests {
    use super::{super::DAY, *};

    fn days(count: i64, use_at: impl Fn(i64) -> f64) -> (Vec<i64>, Vec<f64>) {
        let times: Vec<i64> = (1..=count * 288).map(|at| at * 300_000).collect();
        let used = times.iter().map(|time| use_at(*time)).collect();
        (times, used)
    }

    static ALONE: std::sync::LazyLock<Walk> = std::sync::LazyLock::new(Walk::default);

    fn part<'a>(
        resource: &'a str,
        unit: Unit,
        limit: f64,
        past: &'a (Vec<i64>, Vec<f64>),
    ) -> Part<'a> {
        let machine = Machine { times: &past.0, used: &past.1 };
        Part {
            resource,
            unit,
            nature: Nature::Flow,
            machine,
            limit,
            line: 0.8,
            cache: None,
            fleet: &ALONE,
        }
    }

    fn list(rows: &str) -> Prices {
        let head = "SkuId,ListUnitPrice,PricingUnit,x_Size,x_Resource,BillingCurrency\n";
        Prices::parse(&format!("{head}{rows}")).unwrap()
    }

    #[test]
    fn without_prices_there_is_a_size_and_no_money() {
        let past = days(28, |_| 0.5);
        let told = review(&[part("cpu", Unit::Cores, 8.0, &past)], None, &[], 0.9).unwrap();
        assert_eq!((told.advice, told.proposed().unwrap().sizes[0]), (Advice::Smaller, 1.0));
        assert_eq!(told.saving_month(), None);
        assert!(told.frontier.iter().all(|own| own.cost_month.is_none()));
        let past = days(28, |_| 7.5);
        let told = review(&[part("cpu", Unit::Cores, 8.0, &past)], None, &[], 0.9).unwrap();
        assert_eq!((told.advice, told.proposed().unwrap().sizes[0]), (Advice::Larger, 12.0));
        assert!(told.now().over < 0.001 && told.now().over_line > 0.999);
    }

    #[test]
    fn a_machine_must_have_enough_of_everything_that_comes_with_it() {
        // Idle cores, but 9 GiB of memory: the smaller machine has not enough of that.
        let gib = 1024_f64.powi(3);
        let (cores, bytes) = (days(28, |_| 0.5), days(28, |_| 9.0 * gib));
        let prices = list(
            "small,50,Months,2,cpu,EUR\nsmall,50,Months,8589934592,memory,EUR\n\
             middle,90,Months,4,cpu,EUR\nmiddle,90,Months,17179869184,memory,EUR\n\
             large,170,Months,8,cpu,EUR\nlarge,170,Months,34359738368,memory,EUR\n",
        );
        let parts = [
            part("cpu", Unit::Cores, 8.0, &cores),
            part("memory", Unit::Bytes, 31.0 * gib, &bytes),
        ];
        let told = review(&parts, Some(&prices), &[], 0.9).unwrap();
        assert_eq!(
            told.now().name.as_deref(),
            Some("large"),
            "a few percent of memory are missing"
        );
        assert_eq!(told.proposed().unwrap().name.as_deref(), Some("middle"));
        assert_eq!(told.saving_month(), Some(80.0));
        // Two SKUs of one size: nobody guesses which it is, unless it has its name.
        let twins = list("a,90,Months,8,cpu,EUR\nb,120,Months,8,cpu,EUR\nc,40,Months,2,cpu,EUR\n");
        let of =
            |names: &[&str]| review(&parts[..1], Some(&twins), names, 0.9).unwrap().saving_month();
        assert_eq!((of(&[]), of(&["b"])), (None, Some(80.0)));
    }

    #[test]
    fn sizes_between_what_there_is_and_what_would_do_are_offered_as_well() {
        let past = days(28, |_| 0.5);
        let prices = list(
            "one,20,Months,1,cpu,EUR\ntwo,40,Months,2,cpu,EUR\ndear,90,Months,2,cpu,EUR\n\
             four,80,Months,4,cpu,EUR\neight,160,Months,8,cpu,EUR\nlarge,320,Months,16,cpu,EUR\n",
        );
        let parts = [part("cpu", Unit::Cores, 8.0, &past)];
        let told = review(&parts, Some(&prices), &[], 0.9).unwrap();
        let names: Vec<&str> = told.frontier.iter().filter_map(|own| own.name.as_deref()).collect();
        assert_eq!(names, ["one", "two", "four", "eight"]);
    }

    #[test]
    fn what_is_used_for_a_moment_only_is_memory_all_the_same() {
        // Once a week for ten minutes twice as much: nothing to a processor, death to a process.
        let spiky = days(28, |time| if time.rem_euclid(7 * DAY) < 600_000 { 3.0 } else { 1.0 });
        let told = |unit| review(&[part("a", unit, 8.0, &spiky)], None, &[], 0.9).unwrap();
        assert_eq!(told(Unit::Cores).proposed().unwrap().sizes, [2.0]);
        assert_eq!(told(Unit::Bytes).proposed().unwrap().sizes, [4.0]);
    }

    #[test]
    fn a_disk_is_sized_by_what_it_will_hold_at_the_next_review() {
        let gib = 1024_f64.powi(3);
        let told = |limit: f64, a_day: f64| {
            let past = days(40, |time| (60.0 + a_day * time as f64 / DAY as f64) * gib);
            let of = part("disk", Unit::Bytes, limit * gib, &past);
            let prices = list("volume,0.1,GiB-Months,,disk,EUR\n");
            let of = [Part { nature: Nature::Stock, ..of }];
            let told = review(&of, Some(&prices), &[], 0.9).unwrap();
            (told.clone(), super::super::say_review(&told, &[Unit::Bytes]))
        };
        // It holds 60 GiB and stays there: 75 GiB at a line of 80 %.
        let (calm, text) = told(800.0, 0.0);
        assert_eq!(calm.proposed().unwrap().sizes, [100.0 * gib]);
        assert_eq!(calm.saving_month().map(f64::round), Some(70.0));
        assert!(text.contains("can mostly only grow"), "{text}");
        // 100 GiB now, 131 GiB at the next review: the line of 150 GiB is at 120 GiB, so 200 GiB it is, and of 800 GiB
        // a quarter.
        let (grows, text) = told(100.0, 1.0);
        assert_eq!(
            (grows.advice, &grows.proposed().unwrap().sizes[..]),
            (Advice::Larger, &[200.0 * gib][..])
        );
        assert!(text.contains("in 31 days, by the forecast"), "{text}");
        let (grows, _) = told(800.0, 1.0);
        assert_eq!(grows.proposed().unwrap().sizes, [200.0 * gib]);
    }

    #[test]
    fn a_full_cache_is_sized_by_what_it_finds() {
        let past = days(20, |_| 4.0);
        let told = |hits: f64, evictions: f64| {
            let of = part("cache", Unit::Bytes, 4.0, &past);
            let of = [Part { cache: Some(CachePast { hits, evictions }), ..of }];
            let told = review(&of, None, &[], 0.9).unwrap();
            (
                told.advice,
                told.proposed().map(|own| own.sizes[0]),
                super::super::say_review(&told, &[Unit::Bytes]),
            )
        };
        let (advice, then, text) = told(0.6, 40.0);
        assert_eq!((advice, then), (Advice::Larger, Some(6.0)));
        assert!(text.contains("the next size") && text.contains("60 % of what is asked"), "{text}");
        let (advice, _, text) = told(0.95, 40.0);
        assert!(advice == Advice::Fits && text.contains("as a cache is"), "{text}");
        assert_eq!(told(f64::NAN, 40.0).0, Advice::Fits);
        // Nothing is thrown out: it will not take what comes next.
        assert_eq!(told(0.6, 0.0).0, Advice::Larger);
        assert!(!told(0.6, 0.0).2.contains("as a cache is"));
    }

    #[test]
    fn what_fits_stays_and_what_is_by_the_unit_has_its_price() {
        let past = days(28, |_| 70.0);
        let prices = list("connection,0.5,Connection-Months,,pool,EUR\n");
        let told =
            review(&[part("pool", Unit::Count, 100.0, &past)], Some(&prices), &[], 0.9).unwrap();
        assert_eq!((told.advice, told.now().cost_month), (Advice::Fits, Some(50.0)));
        assert!(told.proposed().is_none());
        let wrong = list("small,50,Months,2,pool,EUR\n");
        let past = days(28, |_| 7e9);
        let told = review(&[part("pool", Unit::Count, 8e9, &past)], Some(&wrong), &[], 0.9);
        assert!(matches!(told, Err(NoSizing::Units { .. })), "{told:?}");
    }
}
