//! Puts new targets into a page and leaves every other byte as it is.

use crate::sorted::Arrange;
use std::ops::Range;

/// One place and what is to stand there. New texts are plain ASCII, so they fit every charset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub place: Range<usize>,
    pub text: String,
}

/// The page with all edits made. One that overlaps an earlier one, or lies outside, is left out.
pub fn rewritten(page: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut edits: Vec<_> = edits.iter().collect();
    edits.arrange_by_key(|edit| edit.place.start);
    let mut new = Vec::with_capacity(page.len());
    let mut at = 0;
    for edit in edits {
        let Some(kept) = page.get(at..edit.place.start) else {
            continue;
        };
        if edit.place.end > page.len() || edit.place.end < edit.place.start {
            continue;
        }
        new.extend_from_slice(kept);
        new.extend_from_slice(edit.text.as_bytes());
        at = edit.place.end;
    }
    new.extend_from_slice(page.get(at..).unwrap_or_default());
    new
}
