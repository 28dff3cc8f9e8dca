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
use crate::{
    QueueError,
    error::{failed, may_pass},
};

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

/// What was read of a segment.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) frames: Vec<Frame>,
    pub(super) end: End,
}

/// Why nothing more was read of a segment.
#[derive(Debug)]
pub(super) enum End {
    /// There were enough, or there is nothing more.
    Whole,
    /// It is damaged here, and nothing behind can be read.
    Damaged,
    /// The system refused.
    Failed(io::Error),
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
        while let Some(head) = scan.next(verify)? {
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
            && let Some(head) = scan.next(false)?
            && at + head.frame_bytes() <= offset
        {
            at += head.frame_bytes();
            samples += u64::from(head.samples);
        }
        Ok((at, samples))
    }

    /// Reads records from an offset until there are so many samples or nothing more.
    pub(super) fn read(&self, offset: u64, samples_max: u64) -> Frames {
        let mut frames = Vec::new();
        let end = self.read_into(&mut frames, offset, samples_max).unwrap_or_else(End::Failed);
        Frames { frames, end }
    }

    fn read_into(&self, frames: &mut Vec<Frame>, offset: u64, samples_max: u64) -> io::Result<End> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut input = io::BufReader::with_capacity(64 << 10, file);
        let (mut at, mut samples) = (offset, 0);
        while at < self.bytes && samples < samples_max {
            let Some(head) = read_head(&mut input)? else { return Ok(End::Damaged) };
            if head.frame_bytes() > self.bytes - at {
                return Ok(End::Damaged);
            }
            let mut body = vec![0; head.length as usize];
            match input.read_exact(&mut body) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(End::Damaged);
                }
                outcome => outcome?,
            }
            if !head.fits(&body) {
                return Ok(End::Damaged);
            }
            at += head.frame_bytes();
            samples += u64::from(head.samples);
            frames.push(Frame { appended: head.appended, samples: head.samples, body });
        }
        Ok(End::Whole)
    }
}

impl Frame {
    /// Bytes it takes in its segment.
    pub(super) fn bytes(&self) -> u64 {
        (HEAD + self.body.len()) as u64
    }
}

/// Walks over the frames of a file.
struct Scan<'p> {
    path: &'p Path,
    /// Nothing if nothing in it can be read.
    input: Option<io::BufReader<File>>,
    /// Bytes that are not walked over yet.
    left: u64,
}

impl<'p> Scan<'p> {
    fn open(path: &'p Path) -> Result<Self, QueueError> {
        // What cannot be opened has something in it, as far as anybody knows.
        let nothing = Self { path, input: None, left: 1 };
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let Some((length, file)) = readable(path, opened)? else { return Ok(nothing) };
        let mut input = io::BufReader::with_capacity(16 << 10, file);
        if length < START {
            // Cut short when it was begun.
            return Ok(Self { left: 0, ..nothing });
        }
        let left = length - START;
        let mut magic = [0; MAGIC.len()];
        let read = input.read_exact(&mut magic);
        if readable(path, read)?.is_none() {
            return Ok(Self { left, ..nothing });
        }
        if magic == *MAGIC {
            return Ok(Self { path, input: Some(input), left });
        }
        // Six letters say that it is ours, two its version; anything else is what a power cut left.
        if magic.starts_with(MAGIC.get(..6).unwrap_or(MAGIC)) {
            return Err(QueueError::Foreign { path: path.to_owned() });
        }
        Ok(Self { left, ..nothing })
    }

    /// The next whole frame; `None` at the end, and where a frame cannot be whole or read.
    fn next(&mut self, verify: bool) -> Result<Option<Head>, QueueError> {
        let Some(input) = self.input.as_mut().filter(|_| self.left >= HEAD as u64) else {
            return Ok(None);
        };
        let next = next_head(input, self.left, verify);
        let head = readable(self.path, next)?.flatten();
        match &head {
            Some(head) => self.left -= head.frame_bytes(),
            None => self.input = None,
        }
        Ok(head)
    }
}

/// What was read; nothing if it is damaged, which is told, and an error if it may be read later.
fn readable<T>(path: &Path, read: io::Result<T>) -> Result<Option<T>, QueueError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if may_pass(&error) => Err(failed("read", path)(error)),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "a segment of the queue cannot be read");
            Ok(None)
        }
    }
}

/// The next frame's head, its record passed over or checked; `None` where it is not whole.
fn next_head(input: &mut io::BufReader<File>, left: u64, verify: bool) -> io::Result<Option<Head>> {
    let Some(head) = read_head(input)?.filter(|own| own.frame_bytes() <= left) else {
        return Ok(None);
    };
    if !verify {
        input.seek_relative(i64::from(head.length))?;
        return Ok(Some(head));
    }
    let mut body = vec![0; head.length as usize];
    input.read_exact(&mut body)?;
    Ok(head.fits(&body).then_some(head))
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
