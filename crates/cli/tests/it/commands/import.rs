//! Samples from files: counted, queryable, and a wrong line is named.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::{
    program::{Outcome, QUIET, Server, now_millis, run, run_with},
    web,
};

fn import(server: &Server, name: &str, text: &str, more: &[&str]) -> Result<Outcome> {
    fs::write(server.folder().join(name), text)?;
    run(server.folder(), &[&["import", name, "--server", &server.url()], more].concat())
}

#[test]
fn csv_json_lines_and_openmetrics_come_in_and_can_be_asked() -> Result<()> {
    let server = Server::start(QUIET)?;
    let at = now_millis() / 1000 - 60;
    let csv = format!("time,site,csv_beds\n{at},north,4\n{},north,5\n{at},south,1\n", at + 15);
    let told = import(&server, "beds.csv", &csv, &["--label", "source=file"])?;
    assert_eq!((told.code, told.out.as_str()), (Some(0), "took in 3 samples from 4 lines\n"));
    let beds = web::value(server.address, r#"csv_beds{site="north",source="file"}"#)?;
    assert_eq!(beds, Some(5.0));

    let millis = at * 1000;
    let lines = format!(
        "{{\"metric\":{{\"__name__\":\"json_beds\",\"site\":\"north\"}},\"values\":[1,2],\"timestamps\":[{millis},{}]}}\n",
        millis + 15_000
    );
    let told = import(&server, "beds.jsonl", &lines, &["--output", "json"])?;
    let document: Value = serde_json::from_str(&told.out)?;
    assert_eq!((&document["samples"], &document["lines"]), (&2.into(), &1.into()), "{document}");
    assert_eq!(web::value(server.address, "sum(count_over_time(json_beds[10m]))")?, Some(2.0));

    let metrics = format!("# TYPE om_beds gauge\nom_beds{{site=\"north\"}} 7 {at}\n# EOF\n");
    let told = run_with(
        server.folder(),
        &["import", "-", "--format", "openmetrics", "--server", &server.url()],
        &metrics,
    )?;
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.out.starts_with("took in 1 samples"), "{}", told.out);
    assert_eq!(web::value(server.address, "om_beds")?, Some(7.0));
    Ok(())
}

#[test]
fn a_wrong_line_is_named_and_what_was_kept_is_said() -> Result<()> {
    let server = Server::start(QUIET)?;
    let at = now_millis() / 1000 - 60;
    let text = format!("time,value\n{at},1\n{},oops\n{},3\n", at + 1, at + 2);
    let value = ["--value", "value=half_wrong"];
    let told = import(&server, "wrong.csv", &text, &value)?;
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!("import_wrong_line", told.err);
    assert_eq!(web::value(server.address, "count_over_time(half_wrong[10m])")?, Some(1.0));
    let told = import(&server, "wrong.csv", &text, &[&value[..], &["--skip-wrong"]].concat())?;
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.out.starts_with("took in 2 samples"), "{}", told.out);
    assert!(told.err.contains("1 lines were wrong") && told.err.contains("line 3"), "{}", told.err);
    assert_eq!(web::value(server.address, "count_over_time(half_wrong[10m])")?, Some(2.0));
    Ok(())
}

#[test]
fn an_import_without_a_server_writes_into_its_folder_before_it_starts() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let at = now_millis() / 1000 - 60;
    fs::write(dir.path().join("beds.csv"), format!("time,beds\n{at},4\n{},5\n", at + 15))?;
    let dry = run(dir.path(), &["import", "beds.csv", "--data", "data", "--dry-run"])?;
    assert_eq!(dry.out, "would take in 2 samples from 3 lines\n");
    let told = run(dir.path(), &["import", "beds.csv", "--data", "data"])?;
    assert_eq!(told.out, "took in 2 samples from 3 lines\n", "{}", told.err);
    let server = Server::start_in(dir, QUIET)?;
    assert_eq!(web::value(server.address, "count_over_time(beds[10m])")?, Some(2.0));
    let refused = run(server.folder(), &["import", "beds.csv", "--data", "data"])?;
    assert_eq!(refused.code, Some(4), "{}", refused.err);
    Ok(())
}

const HOLIDAYS: &str = "BEGIN:VCALENDAR\r
BEGIN:VEVENT\r
SUMMARY:New Year's Day\r
DTSTART;VALUE=DATE:20270101\r
RRULE:FREQ=YEARLY\r
END:VEVENT\r
BEGIN:VEVENT\r
SUMMARY:meeting\r
DTSTART:20270104T100000Z\r
END:VEVENT\r
END:VCALENDAR\r
";

#[test]
fn holidays_of_a_calendar_become_entries_that_the_settings_take() -> Result<()> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("holidays.ics"), HOLIDAYS)?;
    let asked = ["import", "calendar", "holidays.ics", "--like", "sunday"];
    let told = run(dir.path(), &asked)?;
    ensure!(told.code == Some(0), "{} {}", told.out, told.err);
    ensure!(told.err.contains("holidays.ics:7: meeting: it has an hour"), "{}", told.err);
    let settings = settings::Settings::parse("a.yaml", &told.out, &|_| Ok(()))?;
    ensure!(settings.calendar.len() == 1 && settings.calendar[0].name == "New Year's Day");
    fs::write(dir.path().join("none.ics"), "name,date\n")?;
    let none = run(dir.path(), &["import", "calendar", "none.ics"])?;
    ensure!(none.code == Some(2) && none.err.contains("this is no iCalendar"), "{}", none.err);
    Ok(())
}
