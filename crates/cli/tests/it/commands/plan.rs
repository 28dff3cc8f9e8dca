//! Capacity planning from files: the reference table, what was measured, load lines, and what is refused.

use std::{fmt::Write as _, fs};

use anyhow::{Context as _, Result, ensure};
use model::Time;
use serde_json::Value;
use testkit::planted::Planted;

use crate::program::{QUIET, Server, run, run_with};

fn csv(planted: &Planted) -> Result<String> {
    let mut text = String::from("time,load,connections,cpu\n");
    for (at, time) in planted.times.iter().enumerate() {
        let of = |name: &str| {
            let found = planted.used.iter().find(|own| own.0 == name);
            found.map(|own| own.2[at]).context("a planted resource")
        };
        writeln!(text, "{time},{},{},{}", planted.load[at], of("connections")?, of("cpu")?)?;
    }
    Ok(text)
}

#[test]
fn the_reference_says_what_so_many_tenants_need() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let told = run(dir.path(), &["plan", "table", "--tenants", "100,1000,5000"])?;
    ensure!((told.code, told.err.as_str()) == (Some(0), ""), "{}", told.err);
    insta::assert_snapshot!("plan_table", told.out);
    let far = run(dir.path(), &["plan", "table", "--tenants", "50000"])?;
    ensure!(far.out.contains("so a guess"), "{}", far.out);
    ensure!(
        far.out.contains("a guess beyond 10 k of tenants, twice what is known: growth by a part"),
        "{}",
        far.out
    );
    ensure!(run(dir.path(), &["plan", "table", "--tenants", "-5"])?.code == Some(2));
    ensure!(run(dir.path(), &["plan", "table", "--by", "nobody"])?.code == Some(4));
    let mut measured = String::from("time,tenants,cpu_cores\n");
    for month in 1..=12 {
        writeln!(measured, "2026-{month:02}-01,{},{}", 100 * month, 1 + 5 * month)?;
    }
    let asked = ["plan", "table", "--tenants", "2000", "--csv", "-", "--output", "json"];
    let told: Value = serde_json::from_str(&run_with(dir.path(), &asked, &measured)?.out)?;
    let drivers = told["drivers"].as_array().context("drivers")?;
    let cores = drivers.iter().find(|own| own["name"] == "cpu_cores").context("cores")?;
    ensure!(cores["source"] == "measured" && cores["form"] == "linear", "{cores}");
    let cell = cores["cells"][0]["mid"].as_f64().context("a value")?;
    ensure!((cell - 101.0).abs() < 2.0, "{cores}");
    Ok(())
}

#[test]
fn what_follows_what_is_found_in_the_columns_of_a_file() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let rows = csv(&Planted::until(Time(1_795_176_000_000), 5))?;
    let asked = ["plan", "table", "--suggest", "--csv", "-"];
    let told = run_with(dir.path(), &asked, &rows)?;
    ensure!(told.code == Some(0) && told.out.contains("connections"), "{} {}", told.out, told.err);
    let few = run_with(dir.path(), &asked, "time,load,cpu\n1,2,3\n2,3,4\n3,4,5\n")?;
    ensure!(
        few.code == Some(0) && few.err.contains("nothing was found"),
        "{} {}",
        few.out,
        few.err
    );
    let both = ["plan", "table", "--suggest", "--csv", "-", "--tenants", "5"];
    ensure!(run(dir.path(), &both)?.code == Some(2));
    Ok(())
}

#[test]
fn the_load_line_comes_from_rows_on_standard_input() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let rows = csv(&Planted::until(Time(1_795_176_000_000), 5))?;
    let asked = [
        "plan",
        "line",
        "--csv",
        "-",
        "--load",
        "load",
        "--limit",
        "connections=100:held",
        "--limit",
        "cpu=1:work",
    ];
    let told = run_with(dir.path(), &asked, &rows)?;
    ensure!((told.code, told.err.as_str()) == (Some(0), ""), "{} {}", told.out, told.err);
    ensure!(
        told.out.starts_with("load: carries 6")
            && told.out.contains("limited by connections; now at 5"),
        "{}",
        told.out
    );
    let document = run_with(dir.path(), &[&asked[..], &["--output", "json"]].concat(), &rows)?;
    let document: Value = serde_json::from_str(&document.out)?;
    let mid = document["line"]["mid"].as_f64().context("a line")?;
    ensure!((mid - 666.7).abs() < 25.0, "{document:#}");
    let change = &document["limits"][1]["cost_change"]["times"];
    ensure!(change.as_f64().is_some_and(|times| (times - 1.25).abs() < 0.1), "{document:#}");
    // Percent where a share was meant: no line, and the reason.
    let wrong = ["plan", "line", "--csv", "-", "--load", "load", "--limit", "connections=0.9:held"];
    let told = run_with(dir.path(), &wrong, &rows)?;
    ensure!(
        told.code == Some(3) && told.out.contains("looks like different units"),
        "{}",
        told.out
    );
    let missing = ["plan", "line", "--csv", "-", "--load", "laod", "--limit", "cpu=1"];
    let told = run_with(dir.path(), &missing, &rows)?;
    ensure!(
        told.code == Some(4) && told.err.contains("columns of numbers are connections, cpu, load"),
        "{}",
        told.err
    );
    Ok(())
}

const SCENARIO: &str = "name: growth
start: 2026-12-01
months: 24
drivers:
  - {name: tenants, now: 1000, growth: 3%}
resources:
  - {name: connections, follows: tenants, relation: held, now: 100, limit: 200, lead_time: 30d}
";

#[test]
fn scenarios_stand_side_by_side_and_contradictions_are_refused() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("base.yaml"), SCENARIO)?;
    let deal = "deals: [{name: ACME, date: 2027-02-01, adds: {tenants: 600}}]\n";
    fs::write(
        dir.path().join("deal.yaml"),
        [&SCENARIO.replace("growth\nstart", "with ACME\nstart"), deal].concat(),
    )?;
    let run =
        |arguments: &[&str]| run(dir.path(), &[&["plan", "scenario", "run"], arguments].concat());
    let told = run(&["base.yaml", "deal.yaml"])?;
    ensure!((told.code, told.err.as_str()) == (Some(0), ""), "{}", told.err);
    insta::assert_snapshot!("plan_scenarios", told.out);
    let document: Value = serde_json::from_str(&run(&["base.yaml", "--output", "json"])?.out)?;
    ensure!(document["resources"][0]["months"].as_array().is_some_and(|months| months.len() == 24));
    fs::write(
        dir.path().join("wrong.yaml"),
        SCENARIO.replace("follows: tenants", "follows: users"),
    )?;
    let wrong = run(&["wrong.yaml"])?;
    ensure!(wrong.code == Some(2) && wrong.err.contains("wrong.yaml:7"), "{}", wrong.err);
    ensure!(run(&["nowhere.yaml"])?.code == Some(4));
    Ok(())
}

/// Rows by the day of tenants and of connections, of which there are `each` for the square root of a tenant.
fn follows(each: f64) -> Result<String> {
    let mut rows = String::from("time,tenants,connections\n");
    for day in 0..90_i64 {
        let tenants = 400 + 7 * day;
        let used = each * (tenants as f64).sqrt() * (1.0 + 0.01 * ((day % 5) as f64 - 2.0));
        writeln!(rows, "{},{tenants},{used}", 1_790_000_000 + day * 86_400)?;
    }
    Ok(rows)
}

#[test]
fn a_scenario_learns_from_rows_and_from_a_server_and_says_what_it_used() -> Result<()> {
    let server = Server::start(QUIET)?;
    let dir = server.folder();
    fs::write(dir.join("base.yaml"), SCENARIO)?;
    fs::write(dir.join("rows.csv"), follows(3.1)?)?;
    let asked = ["plan", "scenario", "run", "base.yaml", "--csv", "rows.csv"];
    let told = run(dir, &asked)?;
    ensure!((told.code, told.err.as_str()) == (Some(0), ""), "{}", told.err);
    ensure!(told.out.contains("connections: measured: power"), "{}", told.out);
    let document: Value =
        serde_json::from_str(&run(dir, &[&asked[..], &["--output", "json"]].concat())?.out)?;
    let own = &document["resources"][0];
    ensure!(own["basis"]["source"] == "measured", "{own:#}");
    // Twice as many tenants hold 1.42 times as many connections.
    let last = own["months"][23]["demand"]["p50"].as_f64().context("a figure")?;
    ensure!((last / 142.6 - 1.0).abs() < 0.03, "{last}");
    // Connections of another pool, in thousandths: the limit says that it cannot be.
    fs::write(dir.join("rows.csv"), follows(3_100.0)?)?;
    let told = run(dir, &asked)?;
    ensure!(told.out.contains("assumed: ") && told.out.contains("different units"), "{}", told.out);
    let three: String =
        follows(3.1)?.lines().take(4).fold(String::new(), |all, row| all + row + "\n");
    let told = run_with(dir, &["plan", "scenario", "run", "base.yaml", "--csv", "-"], &three)?;
    ensure!(told.out.contains("3 points in common, and 8 are needed"), "{}", told.out);
    // On a server that has recorded nothing of it.
    let url = server.url();
    let told =
        run(dir, &["plan", "scenario", "run", "base.yaml", "--past", "30d", "--server", &url])?;
    ensure!(told.code == Some(0) && told.out.contains("assumed: "), "{} {}", told.out, told.err);
    ensure!(told.out.contains("of `tenants`"), "{}", told.out);
    fs::write(dir.join("other.yaml"), ["service: shop\n", SCENARIO].concat())?;
    let told =
        run(dir, &["plan", "scenario", "run", "other.yaml", "--past", "30d", "--server", &url])?;
    ensure!(told.code == Some(2) && told.err.contains("a service `shop`"), "{}", told.err);
    Ok(())
}

#[test]
fn sizes_come_from_the_recorded_past_and_a_price_list() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let prices = "SkuId,ListUnitPrice,PricingUnit,x_Size,BillingCurrency\nsmall,10,Months,1,EUR\nmiddle,20,Months,2,EUR\nlarge,40,Months,4,EUR\n";
    fs::write(dir.path().join("prices.csv"), prices)?;
    let mut rows = String::from("time,calm,lively,idle\n");
    for hour in 0..28 * 24 * 4 {
        let lively = if hour % 96 < 8 { 3.0 } else { 1.0 };
        writeln!(rows, "{},0.5,{lively},0", 1_790_000_000 + hour * 900)?;
    }
    let asked = [
        "plan",
        "rightsize",
        "--csv",
        "-",
        "--prices",
        "prices.csv",
        "--current",
        "calm=large",
        "--output",
        "json",
    ];
    let told = run_with(dir.path(), &asked, &rows)?;
    ensure!(told.code == Some(0), "{}", told.err);
    let document: Value = serde_json::from_str(&told.out)?;
    let of = |name: &str| {
        let machines = document["machines"].as_array().into_iter().flatten();
        machines.into_iter().find(|own| own["name"] == name).cloned().unwrap_or_default()
    };
    ensure!(
        of("calm")["choice"]["sku"] == "small" && of("calm")["saving_month"] == 30.0,
        "{document:#}"
    );
    ensure!(of("lively")["choice"]["sku"] == "large", "{document:#}");
    // Bytes where cores are meant: told, and no size.
    fs::write(
        dir.path().join("bytes.csv"),
        prices
            .replace(",1,EUR", ",1e9,EUR")
            .replace(",2,EUR", ",2e9,EUR")
            .replace(",4,EUR", ",4e9,EUR"),
    )?;
    let wrong = ["plan", "rightsize", "--csv", "-", "--prices", "bytes.csv"];
    let told = run_with(dir.path(), &wrong, &rows)?;
    ensure!(told.code == Some(0) && told.out.contains("different units"), "{}", told.out);
    ensure!(
        of("idle")["why_not"].as_str().is_some_and(|why| why.contains("never used")),
        "{document:#}"
    );
    Ok(())
}

#[test]
fn a_column_is_called_as_the_file_writes_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let prices = "SkuId,ListUnitPrice,PricingUnit,x_Size,x_Resource,BillingCurrency\nsmall,10,Months,1,cpu,EUR\nlarge,40,Months,4,cpu,EUR\n";
    fs::write(dir.path().join("prices.csv"), prices)?;
    let mut rows = String::from("time,web-1,web 2\n");
    for quarter in 0..28 * 24 * 4 {
        writeln!(rows, "{},0.5,0.7", 1_790_000_000 + quarter * 900)?;
    }
    let asked = |more: &[&str]| {
        let base = ["plan", "rightsize", "--csv", "-", "--prices", "prices.csv"];
        run_with(dir.path(), &[&base[..], more].concat(), &rows)
    };
    for name in ["web-1", "web_1"] {
        let told = asked(&["--current", &format!("{name}=large")])?;
        ensure!(told.code == Some(0), "{}", told.err);
        let row = told.out.lines().find(|line| line.starts_with("web-1 ")).context("a row")?;
        // What is needed has a unit, that of the resource.
        ensure!(row.contains("0.5 cores") && row.contains("30 EUR"), "{}", told.out);
    }
    let told = asked(&["--unit", "connections"])?;
    ensure!(told.out.contains("0.7 connections"), "{}", told.out);
    let told = asked(&["--current", "web-3=large"])?;
    ensure!(
        told.code == Some(4) && told.err.contains("columns of numbers are web 2, web-1"),
        "{}",
        told.err
    );
    let twice = asked(&["--current", "web-1=large", "--current", "web_1=small"])?;
    ensure!(
        twice.code == Some(2) && twice.err.contains("\"web-1\" has two sizes"),
        "{}",
        twice.err
    );
    let twins = rows.replace("web 2", "web.1");
    let told =
        ["plan", "rightsize", "--csv", "-", "--prices", "prices.csv", "--current", "web_1=small"];
    let told = run_with(dir.path(), &told, &twins)?;
    ensure!(told.code == Some(2) && told.err.contains("write one of web-1, web.1"), "{}", told.err);
    Ok(())
}

#[test]
fn load_and_limits_and_drivers_are_columns_as_the_file_writes_them() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let rows = csv(&Planted::until(Time(1_795_176_000_000), 5))?;
    let rows = rows.replacen("time,load,connections,cpu", "time,req/s,db-connections,cpu %", 1);
    let asked = ["plan", "line", "--csv", "-", "--load", "req/s", "--limit"];
    for name in ["db-connections", "db_connections"] {
        let limit = format!("{name}=100:held");
        let told = run_with(dir.path(), &[&asked[..], &[&limit]].concat(), &rows)?;
        ensure!(
            told.code == Some(0) && told.out.starts_with("req/s: carries 6"),
            "{} {}",
            told.out,
            told.err
        );
        ensure!(told.out.contains("limited by db-connections"), "{}", told.out);
    }
    let both = ["db_connections=100:held", "--limit", "db-connections=90:held"];
    let told = run_with(dir.path(), &[&asked[..], &both].concat(), &rows)?;
    ensure!(
        told.code == Some(2) && told.err.contains("\"db-connections\" has two"),
        "{}",
        told.err
    );
    // A driver is found under the name that an import gives its column.
    let mut measured = String::from("time,tenants,cpu cores\n");
    for month in 1..=12 {
        writeln!(measured, "2026-{month:02}-01,{},{}", 100 * month, 1 + 5 * month)?;
    }
    let asked = ["plan", "table", "--tenants", "2000", "--csv", "-"];
    let told = run_with(dir.path(), &asked, &measured)?;
    ensure!(told.out.contains("measured, linear"), "{}", told.out);
    Ok(())
}

#[test]
fn a_server_without_services_says_how_to_declare_them() -> Result<()> {
    let server = Server::start(QUIET)?;
    let told = run(server.folder(), &["plan", "line", "--server", &server.url()])?;
    ensure!(
        told.code == Some(0) && told.err.contains("`services` of the settings"),
        "{}",
        told.err
    );
    let told = run(server.folder(), &["plan", "line", "shop", "--server", &server.url()])?;
    ensure!(told.code == Some(4) && told.err.contains("no service"), "{}", told.err);
    Ok(())
}

#[test]
fn a_change_is_weighed_against_doing_nothing() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let asked = [
        "plan",
        "benefit",
        "--now",
        "100",
        "--once",
        "200",
        "--month",
        "40..60",
        "--discount",
        "0%",
    ];
    let told = run(dir.path(), &asked)?;
    ensure!(
        told.code == Some(0) && told.out.contains("chance of a gain 100 %"),
        "{} {}",
        told.out,
        told.err
    );
    let document = run(dir.path(), &[&asked[..], &["--output", "json"]].concat())?;
    let document: Value = serde_json::from_str(&document.out)?;
    ensure!(document["nothing"]["p50"] == 1_200.0, "{document:#}");
    let npv = document["npv"]["p50"].as_f64().context("a value")?;
    ensure!((npv - 400.0).abs() < 20.0, "{document:#}");
    for wrong in [["--month", "60..40"], ["--now", "much"], ["--over", "900"]] {
        let told = run(dir.path(), &[&["plan", "benefit"], &wrong[..]].concat())?;
        ensure!(told.code == Some(2), "{wrong:?}: {}", told.out);
    }
    Ok(())
}

#[test]
fn what_a_server_plans_with_is_asked_for_and_told() -> Result<()> {
    let server = Server::start(QUIET)?;
    let url = server.url();
    let ask = |arguments: &[&str]| {
        run(server.folder(), &[&["plan"], arguments, &["--server", &url]].concat())
    };
    for (arguments, words) in [
        (&["rightsize"][..], "nothing with a size is watched"),
        (&["rightsize", "--reviews"], "nothing was decided yet"),
        (&["quotas"], "no quota is declared"),
        (&["quotas", "--history"], "nothing was decided of a quota yet"),
        (&["findings"], "nothing was found"),
        (&["scenario", "track"], "no plan is frozen"),
    ] {
        let told = ask(arguments)?;
        ensure!(told.code == Some(0) && told.err.contains(words), "{arguments:?}: {}", told.err);
    }
    fs::write(server.folder().join("q1.yaml"), SCENARIO)?;
    let freeze = ["scenario", "freeze", "q1.yaml", "--name", "q1", "--by", "anna"];
    let told = ask(&freeze)?;
    ensure!(
        told.code == Some(0) && told.out.starts_with("q1, frozen on"),
        "{} {}",
        told.out,
        told.err
    );
    ensure!(ask(&freeze)?.code == Some(4), "a plan stays as it is");
    let told = ask(&["scenario", "track", "q1"])?;
    ensure!(told.out.contains("nothing of it is measured yet"), "{}", told.out);
    fs::write(server.folder().join("capacity.json"), "{}")?;
    let told = ask(&["tested", "shop", "capacity.json"])?;
    ensure!(told.code == Some(4) && told.err.contains("no service"), "{}", told.err);
    ensure!(ask(&["rightsize", "web-1"])?.code == Some(4));
    Ok(())
}
