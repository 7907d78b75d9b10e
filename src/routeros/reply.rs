//! What one command's answer says, collected sentence by sentence under a limit for the whole exchange.

use std::fmt;

use super::codec::Sentence;
use super::trap::Trap;
use super::{ProtocolError, RouterError};

/// A finished answer. `!empty` (since 7.18) and no row at all mean the same.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub rows: Vec<Row>,
    /// `=ret=` of `!done`, or of a row where a version puts it there.
    pub ret: Option<Vec<u8>>,
}

/// One row. Of a name that comes twice the first counts.
#[derive(Clone)]
pub struct Row(Sentence);

impl Row {
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.attribute(name)
    }

    /// For display and comparison with names of ours; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

/// Rows hold voucher names; only how many words there are is shown.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} words)", self.0.word_count())
    }
}

/// A command whose answer is still coming.
pub(super) struct Pending {
    tag: Vec<u8>,
    reply: Reply,
    traps: Vec<Trap>,
    done: bool,
}

impl Pending {
    pub fn new(tag: Vec<u8>) -> Self {
        Self {
            tag,
            reply: Reply::default(),
            traps: Vec::new(),
            done: false,
        }
    }

    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Whether there is an answer: the whole of it, or a refusal that was read before the connection broke.
    pub fn has_answer(&self) -> bool {
        self.done || !self.traps.is_empty()
    }

    pub fn awaits(&self, tag: &[u8]) -> bool {
        !self.done && self.tag == tag
    }

    pub fn outcome(self) -> Result<Reply, Trap> {
        Trap::join(self.traps).map_or(Ok(self.reply), Err)
    }

    /// Takes one sentence that carries this command's tag.
    pub fn take(&mut self, sentence: Sentence, budget: &mut Budget) -> Result<(), ProtocolError> {
        match sentence.kind() {
            b"!re" => {
                budget.take_row(&sentence)?;
                self.keep_ret(&sentence);
                self.reply.rows.push(Row(sentence));
            }
            b"!done" => {
                self.keep_ret(&sentence);
                self.done = true;
            }
            b"!trap" => {
                budget.take_row(&sentence)?;
                self.traps.push(read_trap(&sentence));
            }
            // `!empty` is followed by `!done`; words of later versions are not ours to judge.
            _ => {}
        }
        Ok(())
    }

    fn keep_ret(&mut self, sentence: &Sentence) {
        if let Some(ret) = sentence.attribute("ret") {
            self.reply.ret = Some(ret.to_vec());
        }
    }
}

/// What an exchange may still cost.
pub(super) struct Budget {
    rows: usize,
    memory_bytes: usize,
    received_bytes: usize,
}

impl Budget {
    pub fn new() -> Self {
        Self {
            rows: ROWS_LIMIT,
            memory_bytes: REPLY_LIMIT,
            received_bytes: REPLY_LIMIT,
        }
    }

    /// Counts bytes as they come, whatever they turn out to be.
    pub fn receive(&mut self, bytes: usize) -> Result<(), ProtocolError> {
        spend(&mut self.received_bytes, bytes).ok_or(ProtocolError::ReplyTooLong(REPLY_LIMIT))
    }

    /// Counts a sentence before it is kept.
    fn take_row(&mut self, sentence: &Sentence) -> Result<(), ProtocolError> {
        spend(&mut self.rows, 1).ok_or(ProtocolError::TooManyRows(ROWS_LIMIT))?;
        spend(&mut self.memory_bytes, sentence.cost_bytes()).ok_or(ProtocolError::ReplyTooLong(REPLY_LIMIT))
    }
}

fn spend(rest: &mut usize, amount: usize) -> Option<()> {
    *rest = rest.checked_sub(amount)?;
    Some(())
}

fn read_trap(sentence: &Sentence) -> Trap {
    let message = sentence.attribute("message").unwrap_or(b"no message");
    let category = sentence
        .attribute("category")
        .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
    Trap::read(category, String::from_utf8_lossy(message).into_owned())
}

/// The bare word of `!fatal`; some versions may say it as a message.
pub(super) fn read_fatal(sentence: &Sentence) -> RouterError {
    let bare = sentence
        .words()
        .skip(1)
        .find(|word| !word.starts_with(b"=") && !word.starts_with(b"."));
    let text = bare.or_else(|| sentence.attribute("message")).unwrap_or(b"no reason");
    RouterError::Fatal(String::from_utf8_lossy(text).into_owned())
}

/// Rows of one exchange. A small board takes minutes to send this many.
pub(super) const ROWS_LIMIT: usize = 20_000;

/// Bytes of one exchange: 20 000 rows of the widest menu we read.
pub(super) const REPLY_LIMIT: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(words: &[&str]) -> Sentence {
        words.iter().map(|word| word.as_bytes()).collect()
    }

    fn after(sentences: &[&[&str]]) -> Pending {
        let (mut pending, mut budget) = (Pending::new(b"1".to_vec()), Budget::new());
        sentences
            .iter()
            .for_each(|words| pending.take(sentence(words), &mut budget).unwrap());
        pending
    }

    #[test]
    fn r6_empty_and_unknown_words_do_not_end_an_answer() {
        let pending = after(&[&["!empty"], &["!later", "=ret=x"]]);
        assert!(!pending.is_done());
        assert!(!pending.has_answer(), "unknown never counts as success");
        let pending = after(&[&["!empty"], &["!done"]]);
        assert!(pending.outcome().unwrap().rows.is_empty());
    }

    #[test]
    fn r6_all_traps_are_kept_until_done() {
        let pending = after(&[
            &["!trap", "=message=failure: x", "=category=4"],
            &["!trap", "=message=y"],
            &["!done"],
        ]);
        let trap = pending.outcome().unwrap_err();
        assert_eq!(
            (trap.category, trap.message.as_str(), trap.more.as_slice()),
            (Some(4), "failure: x", &["y".to_owned()][..])
        );
    }

    #[test]
    fn a_result_may_come_with_done_or_in_a_row() {
        assert_eq!(
            after(&[&["!done", "=ret=*3"]]).outcome().unwrap().ret.as_deref(),
            Some(&b"*3"[..])
        );
        assert_eq!(
            after(&[&["!re", "=ret=12"], &["!done"]])
                .outcome()
                .unwrap()
                .ret
                .as_deref(),
            Some(&b"12"[..])
        );
    }

    #[test]
    fn x2_rows_and_bytes_are_bounded() {
        let (mut pending, mut budget) = (Pending::new(b"1".to_vec()), Budget::new());
        let row = sentence(&["!re"]);
        (0..ROWS_LIMIT).for_each(|_| pending.take(row.clone(), &mut budget).unwrap());
        assert_eq!(
            pending.take(row, &mut budget),
            Err(ProtocolError::TooManyRows(ROWS_LIMIT))
        );

        let (mut pending, mut budget) = (Pending::new(b"1".to_vec()), Budget::new());
        let wide: Sentence = [&b"!re"[..]].into_iter().chain([&[b'x'; 60_000][..]; 16]).collect();
        let refused = (0..20).find_map(|_| pending.take(wide.clone(), &mut budget).err());
        assert_eq!(refused, Some(ProtocolError::ReplyTooLong(REPLY_LIMIT)));
        assert!(Budget::new().receive(REPLY_LIMIT + 1).is_err());
    }

    #[test]
    fn the_reason_of_fatal_is_a_bare_word() {
        for (words, reason) in [
            (
                &["!fatal", "session terminated on request"][..],
                "session terminated on request",
            ),
            (&["!fatal", "=message=not logged in"], "not logged in"),
            (&["!fatal"], "no reason"),
        ] {
            assert!(matches!(read_fatal(&sentence(words)), RouterError::Fatal(text) if text == reason));
        }
    }

    #[test]
    fn x3_values_are_bytes_and_shown_lossily() {
        let row = Row([&b"!re"[..], b"=comment=\xff\0a=b"].into_iter().collect());
        assert_eq!(row.get("comment"), Some(&b"\xff\0a=b"[..]));
        assert_eq!(row.text("comment").as_deref(), Some("\u{fffd}\0a=b"));
        assert!(!format!("{row:?}").contains("a=b"));
    }
}
