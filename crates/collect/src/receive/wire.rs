//! The wire format of protobuf, as much of it as the senders of samples need.
//!
//! <https://protobuf.dev/programming-guides/encoding>

/// Keys of fields: a number and a kind.
const FIRST_TEXT: u8 = 1 << 3 | 2;
const SECOND_TEXT: u8 = 2 << 3 | 2;
const FIRST_FIXED64: u8 = 1 << 3 | 1;
const SECOND_NUMBER: u8 = 2 << 3;

/// A signed number of type `sint32` or `sint64`.
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

/// The same the other way.
pub(crate) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

/// How many bytes a number takes.
pub(crate) fn varint_length(value: u64) -> usize {
    // Seven bits in each; nought takes one too.
    (63 - (value | 1).leading_zeros() as usize) / 7 + 1
}

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
    /// What was not walked yet.
    rest: &'b [u8],
    /// Where this message ends in the whole request, for errors.
    end: usize,
}

impl<'b> Fields<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes, end: bytes.len() }
    }

    /// The bytes as a text.
    pub(crate) fn text(&self, what: &str) -> Result<&'b str, WireError> {
        std::str::from_utf8(self.rest).map_err(|error| WireError {
            at: self.at() + error.valid_up_to(),
            what: format!("{what} is not UTF-8"),
        })
    }

    /// The bytes as they are.
    pub(crate) fn raw(&self) -> &'b [u8] {
        self.rest
    }

    /// Two short texts, fields 1 and 2, if there is nothing else and they are written as is usual: what most messages
    /// of most requests are.
    #[inline]
    pub(crate) fn pair(&self) -> Option<(&'b [u8], &'b [u8])> {
        let [FIRST_TEXT, length, rest @ ..] = self.rest else { return None };
        let (first, rest) = rest.split_at_checked(usize::from(*length))?;
        let [SECOND_TEXT, second, rest @ ..] = rest else { return None };
        let short = *length < 0x80 && *second < 0x80 && rest.len() == usize::from(*second);
        short.then_some((first, rest))
    }

    /// Eight bytes and a number, fields 1 and 2, if there is nothing else and they are written as is usual. Senders
    /// leave out what is nought.
    #[inline]
    pub(crate) fn fixed_and_number(&self) -> Option<(u64, u64)> {
        let (bits, rest) = match self.rest {
            [FIRST_FIXED64, rest @ ..] => {
                let (bits, rest) = rest.split_first_chunk::<8>()?;
                (u64::from_le_bytes(*bits), rest)
            }
            rest => (0, rest),
        };
        let [SECOND_NUMBER, rest @ ..] = rest else { return None };
        // A longer number is negative, or wrong.
        if rest.is_empty() || rest.len() > 9 {
            return None;
        }
        let mut number = 0u64;
        for (at, byte) in rest.iter().enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * at);
            let last = at + 1 == rest.len();
            if (*byte < 0x80) != last {
                return None;
            }
        }
        Some((bits, number))
    }

    /// The bytes as a packed list of numbers of eight bytes each.
    pub(crate) fn fixed64s(&self) -> Result<impl Iterator<Item = u64> + use<'b>, WireError> {
        let (numbers, rest) = self.rest.as_chunks::<8>();
        if rest.is_empty() {
            Ok(numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)))
        } else {
            Err(self.broken("a packed list ends in the middle of a number"))
        }
    }

    /// The bytes as a packed list of numbers of any length.
    pub(crate) fn varints(mut self) -> impl Iterator<Item = Result<u64, WireError>> + use<'b> {
        std::iter::from_fn(move || {
            if self.rest.is_empty() {
                return None;
            }
            let number = self.varint();
            if number.is_err() {
                self.rest = &[];
            }
            Some(number)
        })
    }

    /// An error at this place.
    #[cold]
    pub(crate) fn broken(&self, what: &str) -> WireError {
        WireError { at: self.at(), what: what.to_owned() }
    }

    /// Where the walk stands in the whole request.
    fn at(&self) -> usize {
        self.end - self.rest.len()
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'b [u8], WireError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.broken("it ends in the middle of a field"));
        };
        self.rest = rest;
        Ok(taken)
    }

    /// Seven bits in each byte, the lowest first.
    #[inline]
    fn varint(&mut self) -> Result<u64, WireError> {
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, WireError> {
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

    /// A field that is a text or a message, both its number and its length said by one byte: what most of them are.
    #[inline]
    fn short(&mut self) -> Option<(u64, Self)> {
        let [key @ ..0x80, length @ ..0x80, rest @ ..] = self.rest else { return None };
        let (bytes, rest) = rest.split_at_checked(usize::from(*length)).filter(|_| key & 7 == 2)?;
        self.rest = rest;
        Some((u64::from(key >> 3), Self { rest: bytes, end: self.end - rest.len() }))
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
                let bytes = self.take(length)?;
                Field::Bytes(Fields { rest: bytes, end: self.at() })
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

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some((number, bytes)) = self.short() {
            return Some(Ok((number, Field::Bytes(bytes))));
        }
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Writes fields.
pub(crate) struct Writer<'v>(pub(crate) &'v mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn number(&mut self, field: u8, value: u64) {
        self.key(field, 0);
        self.varint(value);
    }

    pub(crate) fn fixed64(&mut self, field: u8, bits: u64) {
        self.key(field, 1);
        self.0.extend_from_slice(&bits.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, field: u8, bytes: &[u8]) {
        self.head(field, bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// The beginning of a text or message of so many bytes, which follow.
    pub(crate) fn head(&mut self, field: u8, length: usize) {
        self.key(field, 2);
        self.varint(length as u64);
    }

    fn key(&mut self, field: u8, kind: u64) {
        self.varint(u64::from(field) << 3 | kind);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back_and_take_what_was_said(number in any::<u64>(), shift in 0_u32..64) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            Writer(&mut bytes).varint(number);
            prop_assert_eq!(bytes.len(), varint_length(number));
            prop_assert_eq!(Fields::new(&bytes).varints().collect::<Vec<_>>(), [Ok(number)]);
            prop_assert_eq!(zigzag(unzigzag(number)), number);
        }

        #[test]
        fn short_ways_and_the_walk_agree(
            name in proptest::collection::vec(any::<u8>(), 0..140),
            value in proptest::collection::vec(any::<u8>(), 0..140),
            bits in any::<u64>(),
            number in any::<u64>(),
        ) {
            let mut bytes = Vec::new();
            Writer(&mut bytes).bytes(1, &name);
            Writer(&mut bytes).bytes(2, &value);
            let short = name.len() < 128 && value.len() < 128;
            let pair = Fields::new(&bytes).pair();
            prop_assert_eq!(pair, short.then_some((name.as_slice(), value.as_slice())));
            bytes.clear();
            Writer(&mut bytes).fixed64(1, bits);
            Writer(&mut bytes).number(2, number);
            let usual = varint_length(number) < 10;
            let both = Fields::new(&bytes).fixed_and_number();
            prop_assert_eq!(both, usual.then_some((bits, number)));
            let second = Fields::new(&bytes[9..]).fixed_and_number();
            prop_assert_eq!(second, usual.then_some((0, number)));
            bytes.push(0);
            prop_assert_eq!(Fields::new(&bytes).fixed_and_number(), None);
        }

        #[test]
        fn every_place_of_an_error_lies_in_the_request(
            bytes in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let mut open = vec![Fields::new(&bytes)];
            while let Some(message) = open.pop() {
                for field in message {
                    match field {
                        Ok((_, Field::Bytes(inner))) => open.push(inner),
                        Ok(_) => {}
                        Err(error) => prop_assert!(error.at <= bytes.len(), "{error:?}"),
                    }
                }
            }
        }
    }
}
