//! The figures of objectives that are promised, on made-up services with seeds; `bench/objectives.sh` has more of them.

#[path = "../../examples/objectives/simulate.rs"]
mod simulate;

use simulate::{Guard, Service, quantile};

#[test]
fn a_quiet_service_calls_nobody_for_nothing_and_soon_for_an_outage_with_seed_2() {
    let service = |guard| Service::new(0.02, guard).unwrap();
    // A month each of two services.
    let pages =
        |guard| [2, 3].map(|seed| service(guard).false_pages(30, seed)).iter().sum::<usize>();
    let (plain, sure) = (pages(Guard::Plain), pages(Guard::Sure));
    assert!(sure <= 1, "{sure} false pages in two months");
    assert!(
        plain >= 10,
        "only {plain} false pages in two months without the guard: it proves nothing"
    );
    let minutes = service(Guard::Sure).minutes_to_page(1.0, 40, 2);
    assert!(quantile(&minutes, 0.95) <= 5, "{minutes:?}");
}
