//! `plimsoll check`

use std::{fs, process::ExitCode};

use detect::rules;
use model::Kind;
use serde_json::json;
use server::{DirectoryFault, StartError};
use settings::{Mistake, Mistakes, Settings};

use super::{check_expression, settings_file};
use crate::{
    args,
    fault::Fault,
    output::{Output, errors_in_colour},
};

/// Reads everything a server would read, and shows every mistake at once.
pub(crate) fn run(command: &args::Settings, output: &Output) -> Result<ExitCode, Fault> {
    let file = settings_file(command.config.clone());
    let mut texts = Vec::new();
    let mut count = 0;
    let mut note = |mistakes: &Mistakes| {
        count += mistakes.len();
        texts.push(mistakes.render(errors_in_colour()));
    };
    let settings = match &file {
        None => Some(Settings::default_for_host()),
        Some(file) => match Settings::load(file, &check_expression) {
            Ok(settings) => Some(settings),
            Err(mistakes) => {
                note(&mistakes);
                None
            }
        },
    };
    let (mut groups, mut objectives) = (Vec::new(), 0);
    if let Some(settings) = &settings {
        groups = check_rules(settings, &mut note)?;
        objectives = check_objectives(settings.clone(), &mut note)?;
    }
    let mut routes = None;
    if let Some(settings) = &settings {
        match server::check_tellings(settings) {
            Ok(file) => routes = file.map(|file| file.route.all().len()),
            Err(DirectoryFault::Mistakes(mistakes)) => note(&mistakes),
            // A secret that only the server may read is no mistake of whoever checks.
            Err(DirectoryFault::File { source, .. })
                if source.kind() == std::io::ErrorKind::PermissionDenied => {}
            Err(fault) => return Err(Fault::from_error(fault.kind(), &fault)),
        }
    }
    let Some(settings) = settings.filter(|_| count == 0) else {
        let text = texts.join("\n\n");
        return Err(Fault::new(Kind::Invalid, text));
    };
    let rule_count: usize = groups.iter().map(|group| group.rules.len()).sum();
    if output.is_json() {
        output.json(&json!({
            "file": file,
            "scrape_jobs": settings.scrape.len(),
            "resources": settings.resources.len(),
            "objectives": objectives,
            "receivers": settings.receivers.len(),
            "routes": routes,
            "forward": settings.forward.len(),
            "rule_groups": groups.len(),
            "rules": rule_count,
        }))?;
    } else {
        let name =
            file.map_or_else(|| "no settings file".to_owned(), |file| file.display().to_string());
        output.text(&format!(
            "{name}: in order\n  scrape jobs  {}\n  resources    {}\n  objectives   {objectives}\n  receivers    {}\n  rules        {rule_count} in {} groups\n",
            settings.scrape.len(),
            settings.resources.len(),
            settings.receivers.len(),
            groups.len(),
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the rule files.
fn check_rules(
    settings: &Settings,
    note: &mut impl FnMut(&Mistakes),
) -> Result<Vec<detect::RuleGroup>, Fault> {
    let mut groups = Vec::new();
    for pattern in &settings.rule_files {
        for path in server::files_matching(&settings.base, pattern) {
            let text = fs::read_to_string(&path).map_err(|error| {
                Fault::from_error(Kind::Missing, &error).help(format!("reading {}", path.display()))
            })?;
            match rules::parse(&path.display().to_string(), &text) {
                Ok(found) => groups.extend(found),
                Err(mistakes) => note(&mistakes),
            }
        }
    }
    Ok(groups)
}

/// Reads the files of objectives, too, and sees whether all of them can be counted; how many there are.
fn check_objectives(
    mut settings: Settings,
    note: &mut impl FnMut(&Mistakes),
) -> Result<usize, Fault> {
    match server::read_objective_files(&mut settings) {
        Ok(_untaken) => {}
        Err(StartError::Mistakes(mistakes)) => note(&mistakes),
        Err(fault) => return Err(Fault::from_error(fault.kind(), &fault)),
    }
    for objective in &settings.objectives {
        if let Err(error) = detect::objectives::Measure::of(objective) {
            let why =
                std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            note(&Mistake::somewhere(error.to_string()).help(why).into());
        }
    }
    Ok(settings.objectives.len())
}
