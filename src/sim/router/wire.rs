//! The RouterOS API as bytes, from the router's side. Written apart from the client's codec, so that a mistake
//! in one does not hide in the other. Source: facts `routeros.md` 1.1.

use bytes::{Buf, BytesMut};

/// A sentence: its words.
pub(super) type Sentence = Vec<Vec<u8>>;

/// A client that does not follow the protocol; the router hangs up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Garbage;

/// Takes the first complete sentence off `input`; `None` if there is none yet. An empty sentence is one.
pub(super) fn take_sentence(input: &mut BytesMut) -> Result<Option<Sentence>, Garbage> {
    let (mut words, mut at) = (Vec::new(), 0);
    loop {
        let Some((length, prefix)) = read_length(input.get(at..).unwrap_or_default())? else {
            return Ok(None);
        };
        let (start, end) = (at + prefix, at + prefix + length);
        if end > SENTENCE_LIMIT {
            return Err(Garbage);
        }
        if length == 0 {
            input.advance(end);
            return Ok(Some(words));
        }
        let Some(word) = input.get(start..end) else {
            return Ok(None);
        };
        words.push(word.to_vec());
        at = end;
    }
}

/// Appends a sentence with its closing zero.
pub(super) fn put_sentence(output: &mut Vec<u8>, sentence: &[Vec<u8>]) {
    for word in sentence {
        put_length(output, u32::try_from(word.len()).unwrap_or(u32::MAX));
        output.extend_from_slice(word);
    }
    output.push(0);
}

/// The length of a word and of its prefix.
fn read_length(input: &[u8]) -> Result<Option<(usize, usize)>, Garbage> {
    let Some(&first) = input.first() else { return Ok(None) };
    let size = match first.leading_ones() {
        ones @ 0..=3 => usize::try_from(ones).map_err(|_| Garbage)? + 1,
        4 if first == 0xf0 => 5,
        _ => return Err(Garbage),
    };
    let Some(prefix) = input.get(..size) else {
        return Ok(None);
    };
    let whole = prefix.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    // The marker is the leading ones and a zero: size bits of the first byte, all eight of the longest.
    let marker_bits = if size == 5 { 8 } else { size };
    let mask = (1_u64 << (size * 8 - marker_bits)) - 1;
    Ok(Some((usize::try_from(whole & mask).map_err(|_| Garbage)?, size)))
}

fn put_length(output: &mut Vec<u8>, length: u32) {
    let [a, b, c, d] = length.to_be_bytes();
    match length {
        0..0x80 => output.push(d),
        0x80..0x4000 => output.extend([c | 0x80, d]),
        0x4000..0x20_0000 => output.extend([b | 0xc0, c, d]),
        0x20_0000..0x1000_0000 => output.extend([a | 0xe0, b, c, d]),
        _ => output.extend([0xf0, a, b, c, d]),
    }
}

/// More than any client of ours sends.
const SENTENCE_LIMIT: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_the_vectors() {
        for (length, wire) in [
            (0_u32, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0x80, 0x80]),
            (256, &[0x81, 0x00]),
            (16_383, &[0xbf, 0xff]),
            (16_384, &[0xc0, 0x40, 0x00]),
            (0x1f_ffff, &[0xdf, 0xff, 0xff]),
            (0x20_0000, &[0xe0, 0x20, 0x00, 0x00]),
            (0xfff_ffff, &[0xef, 0xff, 0xff, 0xff]),
            (0x1000_0000, &[0xf0, 0x10, 0x00, 0x00, 0x00]),
        ] {
            let mut output = Vec::new();
            put_length(&mut output, length);
            assert_eq!(output, wire, "{length}");
            assert_eq!(read_length(wire), Ok(Some((length as usize, wire.len()))), "{length}");
        }
        assert_eq!(read_length(&[0xf8]), Err(Garbage));
        assert_eq!(read_length(&[0xf1, 0, 0, 0, 0]), Err(Garbage));
    }

    #[test]
    fn sentences_come_whole_or_not_at_all() {
        let sentence: Sentence = vec![b"/login".to_vec(), vec![b'x'; 300]];
        let mut wire = Vec::new();
        put_sentence(&mut wire, &sentence);
        for end in 0..wire.len() {
            assert_eq!(take_sentence(&mut BytesMut::from(&wire[..end])), Ok(None));
        }
        let mut input = BytesMut::from(&wire[..]);
        input.extend_from_slice(b"\x03");
        assert_eq!(take_sentence(&mut input), Ok(Some(sentence)));
        assert_eq!(&input[..], b"\x03");
        assert_eq!(
            take_sentence(&mut BytesMut::from(&b"\xef\xff\xff\xff"[..])),
            Err(Garbage)
        );
    }
}
