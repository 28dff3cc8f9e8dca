//! The wire format of protobuf, as much of it as the senders of samples need.
//!
//! <https://protobuf.dev/programming-guides/encoding>

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WireError {
    /// Where, counted from the beginning of the whole request.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) what: String,
}

/// The value of a field.
#[derive(Debug)]
pub(crate) enum Field<'b> {
    Number(u64),
    Fixed64(u64),
    /// A text or a message.
    Bytes(Fields<'b>),
    Fixed32,
}

/// Walks the fields of a message: numbers with values.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'b> {
    bytes: &'b [u8],
    /// Where this message begins in the whole request, for errors.
    start: usize,
    at: usize,
}

impl<'b> Fields<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, start: 0, at: 0 }
    }

    /// The bytes as a text.
    pub(crate) fn text(&self, what: &str) -> Result<&'b str, WireError> {
        std::str::from_utf8(self.bytes).map_err(|error| WireError {
            at: self.start + error.valid_up_to(),
            what: format!("{what} is not UTF-8"),
        })
    }

    /// The bytes as they are.
    pub(crate) fn raw(&self) -> &'b [u8] {
        self.bytes
    }

    /// The bytes as a packed list of numbers of eight bytes each.
    pub(crate) fn fixed64s(&self) -> Result<impl Iterator<Item = u64> + use<'b>, WireError> {
        let (numbers, rest) = self.bytes.as_chunks::<8>();
        if rest.is_empty() {
            Ok(numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)))
        } else {
            Err(self.broken("a packed list ends in the middle of a number"))
        }
    }

    /// The bytes as a packed list of numbers of any length.
    pub(crate) fn varints(mut self) -> impl Iterator<Item = Result<u64, WireError>> + use<'b> {
        std::iter::from_fn(move || {
            if self.at >= self.bytes.len() {
                return None;
            }
            let number = self.varint();
            if number.is_err() {
                self.at = self.bytes.len();
            }
            Some(number)
        })
    }

    /// An error at this place.
    pub(crate) fn broken(&self, what: &str) -> WireError {
        WireError { at: self.start + self.at, what: what.to_owned() }
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], WireError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(self.broken("it ends in the middle of a field"));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// Seven bits in each byte, the lowest first.
    fn varint(&mut self) -> Result<u64, WireError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.broken("a number has more than ten bytes"))
    }

    fn field(&mut self) -> Result<(u64, Field<'b>), WireError> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => {
                let mut bits = [0; 8];
                bits.copy_from_slice(self.take(8)?);
                Field::Fixed64(u64::from_le_bytes(bits))
            }
            2 => {
                let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                let start = self.start + self.at;
                Field::Bytes(Fields { bytes: self.take(length)?, start, at: 0 })
            }
            5 => {
                self.take(4)?;
                Field::Fixed32
            }
            _ => return Err(self.broken("a field is of no known kind")),
        };
        Ok((key >> 3, value))
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = Result<(u64, Field<'b>), WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.at = self.bytes.len();
        }
        Some(field)
    }
}

/// Writes fields.
pub(crate) struct Writer<'v>(pub(crate) &'v mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn number(&mut self, field: u8, value: u64) {
        self.0.push(field << 3);
        self.varint(value);
    }

    pub(crate) fn fixed64(&mut self, field: u8, bits: u64) {
        self.0.push(field << 3 | 1);
        self.0.extend_from_slice(&bits.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, field: u8, bytes: &[u8]) {
        self.0.push(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    #[expect(clippy::cast_possible_truncation, reason = "only seven bits are taken")]
    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            // The lowest seven bits, and that more follow.
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
