//! Words and sentences of the RouterOS API as bytes on a wire, without any input or output.
//!
//! Promises: a word, a sentence and the number of its words are bounded, and a declared length is checked
//! before a byte of it is kept; any split of the byte stream gives the same sentences. It does not know what
//! a word means. Source: facts `routeros.md` 1.1.

use std::fmt;

/// Why bytes are not the RouterOS API. After one of these the stream cannot be followed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    #[error("a word of {0} bytes is longer than the {WORD_LIMIT} bytes that are allowed")]
    WordTooLong(usize),
    #[error("a sentence is longer than the {SENTENCE_LIMIT} bytes that are allowed")]
    SentenceTooLong,
    #[error("a sentence has more than the {SENTENCE_WORDS} words that are allowed")]
    TooManyWords,
    #[error("the length byte 0x{0:02x} is not defined")]
    UndefinedLength(u8),
    /// An empty word would end the sentence before its time.
    #[error("an empty word cannot be sent")]
    EmptyWord,
}

/// One sentence: its words one after another in a single buffer, so that a hostile peer's million tiny words
/// cost little more than their bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Sentence {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a word; limits are checked by `encode`.
    pub fn push(&mut self, word: &[u8]) {
        self.bytes.extend_from_slice(word);
        self.ends.push(self.bytes.len());
    }

    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .filter_map(|(start, end)| self.bytes.get(start..*end))
    }

    /// The first word: a command, or a reply word such as `!re`.
    pub fn kind(&self) -> &[u8] {
        self.words().next().unwrap_or_default()
    }

    /// The value of the first word `=name=value`, split at the second `=` only.
    pub fn attribute(&self, name: &str) -> Option<&[u8]> {
        self.words().find_map(|word| {
            word.strip_prefix(b"=")?
                .strip_prefix(name.as_bytes())?
                .strip_prefix(b"=")
        })
    }

    /// The value of `.tag=`.
    pub fn tag(&self) -> Option<&[u8]> {
        self.words().find_map(|word| word.strip_prefix(b".tag="))
    }

    pub fn word_count(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of memory it takes, near enough to bound a reply by.
    pub fn cost_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<usize>() + size_of::<Self>()
    }

    /// Appends the sentence as it goes over the wire, with its closing zero.
    pub fn encode(&self, wire: &mut Vec<u8>) -> Result<(), CodecError> {
        self.check()?;
        for word in self.words() {
            encode_length(word.len(), wire);
            wire.extend_from_slice(word);
        }
        wire.push(0);
        Ok(())
    }

    fn check(&self) -> Result<(), CodecError> {
        if self.ends.len() > SENTENCE_WORDS {
            return Err(CodecError::TooManyWords);
        }
        if self.bytes.len() > SENTENCE_LIMIT {
            return Err(CodecError::SentenceTooLong);
        }
        self.words().try_for_each(|word| match word.len() {
            0 => Err(CodecError::EmptyWord),
            length if length > WORD_LIMIT => Err(CodecError::WordTooLong(length)),
            _ => Ok(()),
        })
    }
}

impl<'a> FromIterator<&'a [u8]> for Sentence {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(words: I) -> Self {
        let mut sentence = Self::new();
        words.into_iter().for_each(|word| sentence.push(word));
        sentence
    }
}

/// Values may be passwords: only the first word and the count are shown.
impl fmt::Debug for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Sentence({}, {} words)",
            self.kind().escape_ascii(),
            self.word_count()
        )
    }
}

/// Takes a byte stream apart, however it is cut. After an error it stays broken.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    sentence: Sentence,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Before a word.
    Start,
    /// Within a length: what is known of it, and the bytes still to come.
    Length {
        value: usize,
        missing: u8,
    },
    /// Within a word.
    Word {
        missing: usize,
    },
    Broken(CodecError),
}

impl Decoder {
    pub fn new() -> Self {
        Self {
            state: State::Start,
            sentence: Sentence::new(),
        }
    }

    /// Takes bytes from the front of `input` until a sentence is complete (`Some`) or `input` is used up
    /// (`None`). Empty sentences are skipped, as the protocol says.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Sentence>, CodecError> {
        loop {
            match self.state {
                State::Broken(error) => return Err(error),
                State::Word { missing } => {
                    let Some(taken) = self.take_word(input, missing) else {
                        return Ok(None);
                    };
                    self.state = taken;
                }
                State::Start | State::Length { .. } => {
                    let Some((&byte, rest)) = input.split_first() else {
                        return Ok(None);
                    };
                    *input = rest;
                    self.state = self.after_length_byte(byte).map_err(|error| self.break_with(error))?;
                    if matches!(self.state, State::Word { missing: 0 }) {
                        self.state = State::Start;
                        if self.sentence.word_count() > 0 {
                            return Ok(Some(self.finish()));
                        }
                    }
                }
            }
        }
    }

    /// Whether the stream stops in the middle of a sentence.
    pub fn is_partial(&self) -> bool {
        !matches!(self.state, State::Start) || self.sentence.word_count() > 0
    }

    /// Moves what is there of a word; `None` when the input ends within it.
    fn take_word(&mut self, input: &mut &[u8], missing: usize) -> Option<State> {
        let (here, rest) = input.split_at_checked(missing).unwrap_or((input, &[]));
        self.sentence.bytes.extend_from_slice(here);
        *input = rest;
        if here.len() < missing {
            self.state = State::Word {
                missing: missing - here.len(),
            };
            return None;
        }
        self.sentence.ends.push(self.sentence.bytes.len());
        Some(State::Start)
    }

    fn after_length_byte(&self, byte: u8) -> Result<State, CodecError> {
        let (value, missing) = match self.state {
            State::Length { value, missing } => ((value << 8) | usize::from(byte), missing - 1),
            _ => first_length_byte(byte)?,
        };
        // No length is believed before all of it is there, and none is acted upon before it is checked.
        if missing > 0 {
            Ok(State::Length { value, missing })
        } else {
            self.checked(value)
        }
    }

    fn checked(&self, length: usize) -> Result<State, CodecError> {
        if length > WORD_LIMIT {
            return Err(CodecError::WordTooLong(length));
        }
        if length > 0 && self.sentence.word_count() >= SENTENCE_WORDS {
            return Err(CodecError::TooManyWords);
        }
        if self.sentence.bytes.len() + length > SENTENCE_LIMIT {
            return Err(CodecError::SentenceTooLong);
        }
        Ok(State::Word { missing: length })
    }

    fn break_with(&mut self, error: CodecError) -> CodecError {
        self.sentence = Sentence::new();
        self.state = State::Broken(error);
        error
    }

    fn finish(&mut self) -> Sentence {
        let mut sentence = std::mem::take(&mut self.sentence);
        sentence.bytes.shrink_to_fit();
        sentence.ends.shrink_to_fit();
        sentence
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// The bits of the length in the first byte, and how many bytes follow.
fn first_length_byte(byte: u8) -> Result<(usize, u8), CodecError> {
    let value = usize::from(byte);
    match byte {
        0x00..=0x7f => Ok((value, 0)),
        0x80..=0xbf => Ok((value & 0x3f, 1)),
        0xc0..=0xdf => Ok((value & 0x1f, 2)),
        0xe0..=0xef => Ok((value & 0x0f, 3)),
        0xf0 => Ok((0, 4)),
        // 0xf8 and above are reserved for control bytes, of which none exists.
        0xf1..=0xff => Err(CodecError::UndefinedLength(byte)),
    }
}

fn encode_length(length: usize, wire: &mut Vec<u8>) {
    let bytes = u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes();
    let (count, marker) = match length {
        _ if length < TWO_BYTES => (1, 0),
        _ if length < THREE_BYTES => (2, 0x80),
        _ if length < FOUR_BYTES => (3, 0xc0),
        _ if length < FIVE_BYTES => (4, 0xe0),
        _ => (5, 0xf0),
    };
    let low = bytes.get(bytes.len() - count..).unwrap_or_default();
    wire.extend(
        low.iter()
            .enumerate()
            .map(|(at, byte)| if at == 0 { byte | marker } else { *byte }),
    );
}

/// Encoded lengths, from the protocol page; the fifth form exists on paper only.
const TWO_BYTES: usize = 0x80;
const THREE_BYTES: usize = 0x4000;
const FOUR_BYTES: usize = 0x20_0000;
const FIVE_BYTES: usize = 0x1000_0000;

/// Bytes of one word. The longest word we meet is a script of a few KiB; peers that believe a declared length
/// can be made to reserve 4 GiB.
pub const WORD_LIMIT: usize = 64 * 1024;

/// Bytes of one sentence: a row of any menu is far smaller.
pub const SENTENCE_LIMIT: usize = 1024 * 1024;

/// Words of one sentence: the widest menu has about sixty properties.
pub const SENTENCE_WORDS: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn length(n: usize) -> Vec<u8> {
        let mut wire = Vec::new();
        encode_length(n, &mut wire);
        wire
    }

    fn sentence(words: &[&[u8]]) -> Sentence {
        words.iter().copied().collect()
    }

    fn decode_all(wire: &[u8]) -> Result<Vec<Sentence>, CodecError> {
        let (mut decoder, mut input, mut sentences) = (Decoder::new(), wire, Vec::new());
        while let Some(sentence) = decoder.decode(&mut input)? {
            sentences.push(sentence);
        }
        Ok(sentences)
    }

    #[test]
    fn lengths_are_written_as_the_vectors_say() {
        for (n, expected) in [
            (0, "00"),
            (127, "7f"),
            (128, "8080"),
            (135, "8087"),
            (256, "8100"),
            (16_383, "bfff"),
            (16_384, "c04000"),
            (0x4321, "c04321"),
            (0x1f_ffff, "dfffff"),
            (0x20_0000, "e0200000"),
            (0x2a_cdef, "e02acdef"),
            (0xfff_ffff, "efffffff"),
            (0x1000_0000, "f010000000"),
        ] {
            assert_eq!(data_encoding::HEXLOWER.encode(&length(n)), expected, "{n}");
        }
    }

    #[test]
    fn a_zero_byte_within_a_length_ends_nothing() {
        let mut wire = Vec::new();
        sentence(&[b"!re", &[b'x'; 256]]).encode(&mut wire).unwrap();
        assert_eq!(wire[4..6], [0x81, 0x00]);
        assert_eq!(decode_all(&wire).unwrap()[0].words().nth(1).unwrap().len(), 256);
    }

    #[test]
    fn longer_lengths_than_needed_are_read() {
        for prefix in [
            &b"\x80\x02"[..],
            b"\xc0\x00\x02",
            b"\xe0\x00\x00\x02",
            b"\xf0\x00\x00\x00\x02",
        ] {
            let wire = [prefix, b"hi\0"].concat();
            assert_eq!(decode_all(&wire).unwrap(), [sentence(&[b"hi"])], "{prefix:?}");
        }
    }

    #[test]
    fn x1_hostile_lengths_are_refused_before_anything_is_kept() {
        for wire in [&b"\xef\xff\xff\xff"[..], b"\xf0\xff\xff\xff\xff", b"\xc1\x00\x01"] {
            let mut decoder = Decoder::new();
            assert!(
                matches!(decoder.decode(&mut &*wire), Err(CodecError::WordTooLong(_))),
                "{wire:?}"
            );
            assert_eq!(decoder.sentence.bytes.capacity(), 0);
            // It stays broken: what follows cannot be told from garbage.
            assert!(decoder.decode(&mut &b"\x00\x03!re\x00"[..]).is_err());
        }
        for byte in 0xf1..=0xff {
            assert_eq!(decode_all(&[byte]), Err(CodecError::UndefinedLength(byte)));
        }
        assert_eq!(decode_all(b"\xc1\x00\x00").unwrap(), [], "64 KiB exactly may come");
    }

    #[test]
    fn x1_a_truncated_stream_gives_no_sentence() {
        let mut wire = Vec::new();
        sentence(&[b"!re", &[b'x'; 300]]).encode(&mut wire).unwrap();
        for end in 0..wire.len() {
            let mut decoder = Decoder::new();
            assert_eq!(decoder.decode(&mut &wire[..end]), Ok(None), "{end}");
            assert_eq!(decoder.is_partial(), end > 0);
        }
    }

    #[test]
    fn x2_endless_words_hit_a_limit() {
        let tiny = b"\x01x".repeat(SENTENCE_WORDS + 1);
        assert_eq!(decode_all(&tiny), Err(CodecError::TooManyWords));
        let large = [&b"\xc0\xff\xff"[..], &[b'x'; 0xffff]].concat().repeat(17);
        assert_eq!(decode_all(&large), Err(CodecError::SentenceTooLong));
        assert_eq!(decode_all(&[0; 100_000]).unwrap(), [], "empty sentences are skipped");
    }

    #[test]
    fn x4_what_cannot_be_framed_is_not_sent() {
        let mut wire = Vec::new();
        assert_eq!(sentence(&[b""]).encode(&mut wire), Err(CodecError::EmptyWord));
        let long = vec![b'x'; WORD_LIMIT + 1];
        assert_eq!(
            sentence(&[&long]).encode(&mut wire),
            Err(CodecError::WordTooLong(WORD_LIMIT + 1))
        );
        assert_eq!(
            sentence(&[&b"x"[..]; SENTENCE_WORDS + 1]).encode(&mut wire),
            Err(CodecError::TooManyWords)
        );
        assert!(wire.is_empty(), "nothing of a refused sentence is written");
    }

    #[test]
    fn x3_attributes_are_split_at_the_second_equals_sign() {
        let row = sentence(&[
            b"!re",
            b"=comment=a=b\0\n\xff=",
            b"=comment=late",
            b"=empty=",
            b".tag=7",
        ]);
        assert_eq!(row.attribute("comment"), Some(&b"a=b\0\n\xff="[..]));
        assert_eq!(row.attribute("empty"), Some(&b""[..]));
        assert_eq!(row.attribute("comm"), None);
        assert_eq!(row.tag(), Some(&b"7"[..]));
    }

    #[test]
    fn values_do_not_show_in_debug() {
        let shown = format!("{:?}", sentence(&[b"/login", b"=password=canary"]));
        assert_eq!(shown, "Sentence(/login, 2 words)");
    }

    fn words() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let word = prop_oneof![
            8 => prop::collection::vec(any::<u8>(), 1..40),
            1 => prop::collection::vec(any::<u8>(), 120..300),
            1 => (16_380_usize..16_390).prop_map(|n| vec![b'w'; n]),
        ];
        prop::collection::vec(word, 1..8)
    }

    proptest! {
        #[test]
        fn any_split_of_the_stream_gives_the_same_sentences(
            sentences in prop::collection::vec(words(), 1..5),
            cuts in prop::collection::vec(1_usize..97, 1..20),
        ) {
            let sentences: Vec<Sentence> =
                sentences.iter().map(|words| words.iter().map(Vec::as_slice).collect()).collect();
            let mut wire = Vec::new();
            sentences.iter().for_each(|sentence| sentence.encode(&mut wire).unwrap());
            let (mut decoder, mut read, mut rest, mut cuts) = (Decoder::new(), Vec::new(), &wire[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let (mut part, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                while let Some(sentence) = decoder.decode(&mut part).unwrap() {
                    read.push(sentence);
                }
                rest = later;
            }
            prop_assert_eq!(read, sentences);
            prop_assert!(!decoder.is_partial());
        }

        #[test]
        fn x1_no_bytes_make_it_panic_or_grow(wire in prop::collection::vec(any::<u8>(), 0..2_000)) {
            let (mut decoder, mut input) = (Decoder::new(), &wire[..]);
            while let Ok(Some(sentence)) = decoder.decode(&mut input) {
                prop_assert!(sentence.word_count() <= SENTENCE_WORDS);
            }
            prop_assert!(decoder.sentence.bytes.capacity() <= 2 * wire.len().max(8));
        }
    }
}
