//! Notices a request head that states a length. hyper reads `Transfer-Encoding` and drops a `Content-Length` beside
//! it before anybody sees it: never two requests out of one, but a peer who disagrees about lengths (fault H3) is
//! to be told so. Looks at header names alone and keeps nothing of what it reads.

/// What was seen of the head that a request came with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// Not a byte: the head came together with the request before it.
    #[default]
    Nothing,
    NoLength,
    Length,
}

/// Reads one head, in whatever pieces it comes.
#[derive(Debug, Default)]
pub struct HeadWatch {
    line: Line,
    seen: Seen,
    is_over: bool,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    /// So many bytes of the line are those of `NAME`.
    Begun(usize),
    /// It is another line; its end is waited for.
    Other,
}

impl Default for Line {
    fn default() -> Self {
        Self::Begun(0)
    }
}

impl HeadWatch {
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Takes the next bytes; those after the head's empty line are the body's.
    pub fn read(&mut self, mut bytes: &[u8]) {
        while let (false, Some((&byte, rest))) = (self.is_over, bytes.split_first()) {
            bytes = match self.line {
                Line::Begun(matched) => {
                    self.read_name(matched, byte);
                    rest
                }
                Line::Other => {
                    let mut parts = bytes.splitn(2, |byte| *byte == b'\n').skip(1);
                    let next = parts.next();
                    if next.is_some() {
                        self.line = Line::Begun(0);
                    }
                    next.unwrap_or_default()
                }
            };
        }
    }

    fn read_name(&mut self, matched: usize, byte: u8) {
        match (matched, byte) {
            // Empty lines before the request line are none of the head.
            (0, b'\n') => self.is_over = self.seen != Seen::Nothing,
            (0, b'\r') => {}
            (_, b'\n') => self.line = Line::Begun(0),
            _ => {
                if self.seen == Seen::Nothing {
                    self.seen = Seen::NoLength;
                }
                let fits = NAME.get(matched).is_some_and(|known| byte.eq_ignore_ascii_case(known));
                self.line = if fits { Line::Begun(matched + 1) } else { Line::Other };
                if fits && matched + 1 == NAME.len() {
                    self.seen = Seen::Length;
                }
            }
        }
    }
}

const NAME: &[u8] = b"content-length:";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn watch<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Seen {
        let mut watch = HeadWatch::default();
        for piece in pieces {
            watch.read(piece);
        }
        watch.seen()
    }

    #[test]
    fn a_length_is_seen_in_the_head_alone() {
        for (head, expected) in [
            ("", Seen::Nothing),
            ("\r\n\r\n", Seen::Nothing),
            ("P", Seen::NoLength),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", Seen::Length),
            ("\r\nPOST / HTTP/1.1\nHOST: x\ncONTENT-lENGTH:5\n\n", Seen::Length),
            ("POST / HTTP/1.1\r\nX: Content-Length: 5\r\n\r\n", Seen::NoLength),
            ("POST / HTTP/1.1\r\nX-Content-Length: 5\r\n\r\n", Seen::NoLength),
            ("POST / HTTP/1.1\r\nContent-Lengths: 5\r\n\r\n", Seen::NoLength),
            ("POST / HTTP/1.1\r\nContent\r\n-Length: 5\r\n\r\n", Seen::NoLength),
            ("POST / HTTP/1.1\r\nX: y\r\n\r\nContent-Length: 5\r\n", Seen::NoLength),
        ] {
            assert_eq!(watch([head.as_bytes()]), expected, "{head:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_are_read_as_the_whole(
            text in "(\r?\n|content-length:|Content-Length: 5|POST / HTTP/1.1|x: y|[a-z:]){0,12}",
            cuts in prop::collection::vec(1..20_usize, 0..8),
        ) {
            let (mut rest, mut pieces) = (text.as_bytes(), Vec::new());
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            prop_assert_eq!(watch(pieces), watch([text.as_bytes()]));
        }
    }
}
