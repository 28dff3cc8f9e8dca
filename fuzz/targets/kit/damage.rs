//! Changes to bytes as disks and crashes make them.

/// Applies changes of six bytes each: which file, what, where (three bytes), with what.
pub fn damage(files: &mut [&mut Vec<u8>], input: &[u8]) {
    assert!(!files.is_empty(), "there is nothing to damage");
    for change in input.chunks_exact(6).take(40) {
        let count = files.len();
        let bytes = &mut *files[usize::from(change[0]) % count];
        let at = usize::from(change[2]) << 16 | usize::from(change[3]) << 8 | usize::from(change[4]);
        let at = if bytes.is_empty() { 0 } else { at % bytes.len() };
        match change[1] % 6 {
            0 => bytes.truncate(at),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << (change[5] % 8),
            2 if !bytes.is_empty() => bytes[at] = change[5],
            3 => bytes.insert(at, change[5]),
            4 => bytes.extend(std::iter::repeat_n(change[5], usize::from(change[4]))),
            5 if !bytes.is_empty() => drop(bytes.drain(at..(at + usize::from(change[5])).min(bytes.len()))),
            _ => {}
        }
    }
}
