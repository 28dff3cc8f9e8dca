//! A segment: a file of framed records. Each frame has its length, a checksum, when it was appended and how many samples
//! it holds, so that a start need not read the records themselves.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use model::Time;

use super::record::Packed;
use crate::{QueueError, error::failed};

/// The first bytes of a segment; the number is the version of frames, records and packed labels together.
const MAGIC: &[u8; 8] = b"PLMFWD01";
/// Where the first frame begins.
pub(super) const START: u64 = MAGIC.len() as u64;
/// Length, time, samples, checksum of these, checksum of the record.
const HEAD: usize = 4 + 8 + 4 + 4 + 4;
/// Bytes of a record at most; one that says more is damaged. What is packed stays far below.
const RECORD_BYTES_MAX: u32 = 128 << 20;
/// How a segment's name ends.
const ENDING: &str = "queue";

/// What is known of a segment without reading its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    /// Up to where it holds whole frames.
    pub(super) bytes: u64,
    pub(super) samples: u64,
    /// When the first and the last record were appended.
    pub(super) times: Option<(Time, Time)>,
}

/// A record as it was read.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) appended: Time,
    pub(super) samples: u32,
    pub(super) body: Vec<u8>,
}

/// The head of a frame.
struct Head {
    length: u32,
    appended: Time,
    samples: u32,
    /// Of the record.
    checksum: u32,
}

impl Head {
    fn of(record: &Packed, appended: Time) -> Option<Self> {
        let length = u32::try_from(record.body.len()).ok();
        let length = length.filter(|own| (1..=RECORD_BYTES_MAX).contains(own))?;
        let checksum = crc32fast::hash(&record.body);
        Some(Self { length, appended, samples: record.samples, checksum })
    }

    fn bytes(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..12].copy_from_slice(&self.appended.millis().to_le_bytes());
        bytes[12..16].copy_from_slice(&self.samples.to_le_bytes());
        let own = crc32fast::hash(&bytes[..16]);
        bytes[16..20].copy_from_slice(&own.to_le_bytes());
        bytes[20..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    /// `None` if it was damaged.
    fn parse(bytes: [u8; HEAD]) -> Option<Self> {
        let four = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let length = four(0);
        if four(16) != crc32fast::hash(&bytes[..16]) || !(1..=RECORD_BYTES_MAX).contains(&length) {
            return None;
        }
        let appended = u64::from(four(4)) | u64::from(four(8)) << 32;
        let appended = Time(appended.cast_signed());
        Some(Self { length, appended, samples: four(12), checksum: four(20) })
    }

    fn frame_bytes(&self) -> u64 {
        HEAD as u64 + u64::from(self.length)
    }

    fn fits(&self, body: &[u8]) -> bool {
        crc32fast::hash(body) == self.checksum
    }
}

impl Segment {
    fn path(dir: &Path, number: u64) -> PathBuf {
        dir.join(format!("{number:010}.{ENDING}"))
    }

    /// Begins a new one. Its name is not forced to the disk yet.
    pub(super) fn begin(dir: &Path, number: u64) -> Result<(Arc<File>, Self), QueueError> {
        let path = Self::path(dir, number);
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let mut file = file.map_err(failed("create", &path))?;
        if let Err(source) = file.write_all(MAGIC) {
            // The error that is told comes first; an empty segment is removed at the next start.
            drop(fs::remove_file(&path));
            return Err(failed("write to", &path)(source));
        }
        Ok((Arc::new(file), Self { number, path, bytes: START, samples: 0, times: None }))
    }

    /// Numbers of the segments in a directory, rising.
    pub(super) fn list(dir: &Path) -> Result<Vec<u64>, QueueError> {
        let read = |source| failed("read", dir)(source);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(dir).map_err(read)? {
            let name = entry.map_err(read)?.file_name();
            let number =
                name.to_str().and_then(|name| name.strip_suffix(ENDING)?.strip_suffix('.'));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Looks at a segment that is there. With `verify` the records are read too, and it ends before the first one that
    /// is damaged; without, only the heads are. Gives how many bytes lie beyond its end, too.
    pub(super) fn scan(dir: &Path, number: u64, verify: bool) -> Result<(Self, u64), QueueError> {
        let path = Self::path(dir, number);
        let mut scan = Scan::open(&path)?;
        let mut segment =
            Self { number, path: path.clone(), bytes: START, samples: 0, times: None };
        while let Some(head) = scan.next(verify).map_err(failed("read", &path))? {
            segment.note(&head);
        }
        Ok((segment, scan.left))
    }

    fn note(&mut self, head: &Head) {
        self.bytes += head.frame_bytes();
        self.samples += u64::from(head.samples);
        let first = self.times.map_or(head.appended, |(first, _)| first);
        self.times = Some((first, head.appended));
    }

    /// Appends records to its file, which only the caller does; gives the samples that are in it now. After an error
    /// nothing more may be appended.
    pub(super) fn append(
        &mut self,
        file: &File,
        records: &[Packed],
        appended: Time,
    ) -> Result<u64, QueueError> {
        let mut out = Vec::with_capacity(records.iter().map(|own| own.body.len() + HEAD).sum());
        let heads: Vec<(Head, &Packed)> =
            records.iter().filter_map(|own| Some((Head::of(own, appended)?, own))).collect();
        for (head, record) in &heads {
            out.extend_from_slice(&head.bytes());
            out.extend_from_slice(&record.body);
        }
        let mut file = file;
        file.write_all(&out).map_err(failed("write to", &self.path))?;
        let before = self.samples;
        for (head, _) in &heads {
            self.note(head);
        }
        Ok(self.samples - before)
    }

    /// Takes back what is beyond its whole frames.
    pub(super) fn cut(&self) -> Result<(), QueueError> {
        let wrong = |source| failed("cut back", &self.path)(source);
        let file = OpenOptions::new().write(true).open(&self.path).map_err(wrong)?;
        if file.metadata().map_err(wrong)?.len() > self.bytes {
            file.set_len(self.bytes).and_then(|()| file.sync_all()).map_err(wrong)?;
        }
        Ok(())
    }

    /// Removes its file; one that is gone is fine.
    pub(super) fn remove(&self) -> Result<(), QueueError> {
        match fs::remove_file(&self.path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &self.path)(source))
            }
            _ => Ok(()),
        }
    }

    /// How many samples stand before an offset, and the nearest start of a frame at or before it.
    pub(super) fn place(&self, offset: u64) -> Result<(u64, u64), QueueError> {
        let mut scan = Scan::open(&self.path)?;
        let (mut at, mut samples) = (START, 0);
        while at < offset.min(self.bytes)
            && let Some(head) = scan.next(false).map_err(failed("read", &self.path))?
            && at + head.frame_bytes() <= offset
        {
            at += head.frame_bytes();
            samples += u64::from(head.samples);
        }
        Ok((at, samples))
    }

    /// Reads records from an offset until there are so many samples or nothing more. `false` says that it met damage,
    /// beyond which nothing of this segment can be read.
    pub(super) fn read(
        &self,
        offset: u64,
        samples_max: u64,
    ) -> Result<(Vec<Frame>, bool), QueueError> {
        let wrong = |source| failed("read", &self.path)(source);
        let mut file = File::open(&self.path).map_err(wrong)?;
        file.seek(SeekFrom::Start(offset)).map_err(wrong)?;
        let mut input = io::BufReader::with_capacity(64 << 10, file);
        let (mut at, mut samples) = (offset, 0);
        let mut frames = Vec::new();
        while at < self.bytes && samples < samples_max {
            let Some(head) = read_head(&mut input).map_err(wrong)? else {
                return Ok((frames, false));
            };
            if head.frame_bytes() > self.bytes - at {
                return Ok((frames, false));
            }
            let mut body = vec![0; head.length as usize];
            match input.read_exact(&mut body) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok((frames, false));
                }
                outcome => outcome.map_err(wrong)?,
            }
            if !head.fits(&body) {
                return Ok((frames, false));
            }
            at += head.frame_bytes();
            samples += u64::from(head.samples);
            frames.push(Frame { appended: head.appended, samples: head.samples, body });
        }
        Ok((frames, true))
    }
}

impl Frame {
    /// Bytes it takes in its segment.
    pub(super) fn bytes(&self) -> u64 {
        (HEAD + self.body.len()) as u64
    }
}

/// Walks over the frames of a file.
struct Scan {
    input: io::BufReader<File>,
    /// Bytes that are not walked over yet.
    left: u64,
    /// Nothing in it can be read.
    broken: bool,
}

impl Scan {
    fn open(path: &Path) -> Result<Self, QueueError> {
        let file = File::open(path).map_err(failed("open", path))?;
        let length = file.metadata().map_err(failed("read", path))?.len();
        let mut input = io::BufReader::with_capacity(16 << 10, file);
        let mut magic = [0; MAGIC.len()];
        if length < START {
            // Cut short when it was begun.
            return Ok(Self { input, left: 0, broken: true });
        }
        input.read_exact(&mut magic).map_err(failed("read", path))?;
        if magic != *MAGIC {
            // Six letters say that it is ours, two its version; anything else is what a power cut left.
            return if magic.starts_with(MAGIC.get(..6).unwrap_or(MAGIC)) {
                Err(QueueError::Foreign { path: path.to_owned() })
            } else {
                Ok(Self { input, left: length - START, broken: true })
            };
        }
        Ok(Self { input, left: length - START, broken: false })
    }

    /// The next whole frame; `None` at the end, and where a frame cannot be whole.
    fn next(&mut self, verify: bool) -> io::Result<Option<Head>> {
        if self.broken || self.left < HEAD as u64 {
            return Ok(None);
        }
        let Some(head) = read_head(&mut self.input)?.filter(|own| own.frame_bytes() <= self.left)
        else {
            return Ok(None);
        };
        if verify {
            let mut body = vec![0; head.length as usize];
            self.input.read_exact(&mut body)?;
            if !head.fits(&body) {
                return Ok(None);
            }
        } else {
            self.input.seek_relative(i64::from(head.length))?;
        }
        self.left -= head.frame_bytes();
        Ok(Some(head))
    }
}

/// The next head; `None` at the end of the file and if it is damaged.
fn read_head(input: &mut impl io::Read) -> io::Result<Option<Head>> {
    let mut bytes = [0; HEAD];
    match input.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        outcome => outcome?,
    }
    Ok(Head::parse(bytes))
}
