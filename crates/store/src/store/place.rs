//! Where a store keeps what: its directories, its lock, the mark of its format, names of days.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use crate::{
    StoreError,
    disk::files::{Files, failed},
    disk::part::DAY_MILLIS,
};

/// What the format file says; the number rises when an older program could not read the directory.
pub(crate) const FORMAT: &str = "plimsoll store 3";
/// The first and last day that have a name of four digits for the year: 0000-01-01, 9999-12-31.
const DAY_MIN: i64 = -719_528;
const DAY_MAX: i64 = 2_932_896;

/// The first and last time that can be kept.
pub(super) const TIME_MIN: i64 = DAY_MIN * DAY_MILLIS;
pub(super) const TIME_MAX: i64 = (DAY_MAX + 1) * DAY_MILLIS - 1;

/// A store's directory.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) dir: PathBuf,
}

impl Place {
    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    pub(super) fn raw(&self) -> PathBuf {
        self.dir.join("raw")
    }

    pub(super) fn day(&self, day: i64) -> PathBuf {
        self.raw().join(day_name(day))
    }

    pub(super) fn quarantine(&self) -> PathBuf {
        self.dir.join("quarantine")
    }

    /// Makes the directory and takes it for this process, for as long as the file is open.
    pub(super) fn lock(&self) -> Result<File, StoreError> {
        fs::create_dir_all(&self.dir).map_err(failed("create", &self.dir))?;
        let path = self.dir.join("LOCK");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                // Who has it is a courtesy; that it is taken is certain.
                let said = fs::read_to_string(&path).unwrap_or_default();
                let process = said.trim().parse::<u32>().ok();
                let holder = process.map_or_else(String::new, |id| format!(" ({id})"));
                return Err(StoreError::Locked { dir: self.dir.clone(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(failed("write to", &path))?;
        Ok(file)
    }

    /// Checks the format, or marks a new directory with it, and makes what belongs in it.
    pub(super) fn prepare(&self, files: &Files) -> Result<(), StoreError> {
        let path = self.dir.join("FORMAT");
        match fs::read(&path) {
            Ok(bytes) => {
                let found = String::from_utf8_lossy(&bytes);
                if found.trim() != FORMAT {
                    let found = found.trim().chars().take(60).collect();
                    return Err(self.foreign(found));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if self.raw().try_exists().map_err(failed("read", &self.dir))? {
                    return Err(self.foreign(String::new()));
                }
                let new = path.with_extension("tmp");
                let file = files.create(&new)?;
                files.write(&file, &new, format!("{FORMAT}\n").as_bytes())?;
                files.sync(&file, &new)?;
                files.rename(&new, &path)?;
            }
            Err(error) => return Err(failed("read", &path)(error)),
        }
        for dir in [self.log(), self.raw(), self.quarantine()] {
            files.create_dir(&dir)?;
        }
        files.sync_dir(&self.dir)
    }

    fn foreign(&self, found: String) -> StoreError {
        StoreError::Format { dir: self.dir.clone(), found, expected: FORMAT }
    }
}

/// The names in a directory, sorted.
pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("list", dir))? {
        found.push(entry.map_err(failed("list", dir))?.path());
    }
    found.sort_unstable();
    Ok(found)
}

/// A day's name, `2026-11-20`. The calendar arithmetic is Howard Hinnant's `civil_from_days`.
pub(super) fn day_name(day: i64) -> String {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{of_month:02}")
}

/// The day of a name, if it is one.
pub(crate) fn parse_day(name: &str) -> Option<i64> {
    let mut pieces = name.split('-').map(|piece| piece.parse::<i64>().ok());
    let (year, month, of_month) = (pieces.next()??, pieces.next()??, pieces.next()??);
    let from_march = if month > 2 { year } else { year - 1 };
    let era = from_march.div_euclid(400);
    let year_of_era = from_march.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + of_month - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    let day = era * 146_097 + of_era - 719_468;
    ((DAY_MIN..=DAY_MAX).contains(&day) && day_name(day) == name).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_the_names_of_the_calendar() {
        assert_eq!(day_name(0), "1970-01-01");
        assert_eq!(day_name(20_777), "2026-11-20");
        assert_eq!(day_name(DAY_MIN), "0000-01-01");
        assert_eq!(day_name(DAY_MAX), "9999-12-31");
        for day in (DAY_MIN..DAY_MAX).step_by(97) {
            assert_eq!(parse_day(&day_name(day)), Some(day));
        }
    }

    #[test]
    fn what_is_no_day_has_none() {
        for name in ["", "2026", "2026-13-01", "2026-02-30", "tmp-01-01", "2026-11-20-1"] {
            assert_eq!(parse_day(name), None, "{name}");
        }
    }
}
