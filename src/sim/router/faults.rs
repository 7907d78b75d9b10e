//! What a test can make the router do wrong.

use std::time::Duration;

/// When the connection is cut at an `add`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutAt {
    /// The command arrived and was not carried out.
    BeforeExecuting,
    /// It was carried out, and the answer is lost.
    AfterExecuting,
}

/// How every command after the login is answered until it is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Nothing, and the connection stays.
    Silence,
    /// These bytes, and the connection stays.
    Garbage(Vec<u8>),
    /// Rows without end.
    EndlessRows,
    /// One sentence without end.
    EndlessWords,
    /// Empty sentences without end.
    EmptySentences,
    /// `!fatal` with this reason, and a closed connection.
    Fatal(String),
    /// Refusals, each with its category.
    Traps(Vec<(Option<u8>, String)>),
    /// The right answer among words nobody knows and rows of a command nobody sent.
    Noise,
}

/// All that is wrong at the moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Time before each answer.
    pub delay: Option<Duration>,
    /// Time between two bytes of an answer.
    pub trickle: Option<Duration>,
    pub silent_login: bool,
    pub interleave: bool,
    pub misbehaviour: Option<Misbehaviour>,
    /// An `add` of a hotspot user is answered as done, and nothing is there.
    pub hollow_adds: bool,
    /// Where the next `add` of a script is cut.
    pub script_cut: Option<CutAt>,
    /// Scripts are refused as if rights were missing.
    pub refuse_scripts: bool,
    /// How many `add`s of hotspot users still pass before the cut.
    cut: Option<(usize, CutAt)>,
}

impl Faults {
    pub fn cut_at_add(&mut self, nth: usize, at: CutAt) {
        self.cut = Some((nth.max(1), at));
    }

    pub fn spare_adds(&mut self) {
        self.cut = None;
    }

    /// Counts an `add`; tells whether this is the one.
    pub fn cut_now(&mut self) -> Option<CutAt> {
        let (left, at) = self.cut?;
        self.cut = (left > 1).then_some((left - 1, at));
        (left == 1).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_add_is_cut_once() {
        let mut faults = Faults::default();
        assert_eq!(faults.cut_now(), None);
        faults.cut_at_add(2, CutAt::AfterExecuting);
        let cuts: Vec<_> = (0..4).map(|_| faults.cut_now()).collect();
        assert_eq!(cuts, [None, Some(CutAt::AfterExecuting), None, None]);
    }
}
