//! Reads a request's body as bytes: never more than allowed, never longer than allowed, never unpacked.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::limits::{BODY_DEADLINE, LARGE_BODIES_BYTES, SMALL_BODY_BYTES};

/// Why a body was not taken. The connection cannot be used again after any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is larger than {max_bytes} bytes")]
    TooLarge { max_bytes: usize },
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body ended before it was complete")]
    Broken,
    /// Other large bodies fill the memory there is for them.
    #[error("too many large bodies at once; send it again")]
    NoRoom,
    #[error("the body is compressed or otherwise encoded; send it as it is")]
    Encoded,
}

/// A body, with the room it takes in memory until this is dropped.
#[derive(Debug, Default)]
pub struct Whole {
    pub bytes: Bytes,
    pub room: Room,
}

/// A share of the memory for large bodies.
#[derive(Debug, Default)]
pub struct Room(Option<SemaphorePermit<'static>>);

impl Room {
    /// Makes room for a body that has grown from `before` to `after` bytes. What every connection may hold
    /// anyway is not counted.
    fn grow(&mut self, before: usize, after: usize) -> Result<(), BodyError> {
        let counted = |bytes: usize| bytes.saturating_sub(SMALL_BODY_BYTES);
        let more = u32::try_from(counted(after) - counted(before)).map_err(|_| BodyError::NoRoom)?;
        if more == 0 {
            return Ok(());
        }
        let permit = LARGE_BODIES.try_acquire_many(more).map_err(|_| BodyError::NoRoom)?;
        match &mut self.0 {
            Some(held) => held.merge(permit),
            None => self.0 = Some(permit),
        }
        Ok(())
    }
}

/// The whole body. What its length already rules out is not read at all.
pub async fn read<B>(headers: &HeaderMap, body: B, max_bytes: usize) -> Result<Whole, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if is_encoded(headers) {
        return Err(BodyError::Encoded);
    }
    if announced_bytes(headers).is_some_and(|announced| announced > max_bytes as u64) {
        return Err(BodyError::TooLarge { max_bytes });
    }
    if body.is_end_stream() {
        return Ok(Whole::default());
    }
    match tokio::time::timeout(BODY_DEADLINE, collect(body, max_bytes)).await {
        Ok(read) => read,
        Err(_) => Err(BodyError::TooSlow),
    }
}

async fn collect<B>(mut body: B, max_bytes: usize) -> Result<Whole, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    // Nearly every body is one piece, which is then not copied.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let mut room = Room::default();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
            continue;
        };
        let before = first.len().max(all.len());
        let after = before + piece.len();
        if after > max_bytes {
            return Err(BodyError::TooLarge { max_bytes });
        }
        room.grow(before, after)?;
        if first.is_empty() && all.is_empty() {
            first = piece;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&piece);
        }
    }
    let bytes = if all.is_empty() { first } else { all.freeze() };
    Ok(Whole { bytes, room })
}

fn announced_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let plain = |value: &http::HeaderValue| value.is_empty() || value.as_bytes().eq_ignore_ascii_case(b"identity");
    !headers.get_all(CONTENT_ENCODING).iter().all(plain)
}

/// One permit a byte, for all connections together.
static LARGE_BODIES: Semaphore = Semaphore::const_new(LARGE_BODIES_BYTES);

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http::HeaderValue;
    use hyper::body::Frame;

    use super::*;

    /// A body in given pieces, of unknown length.
    struct Pieces(VecDeque<Bytes>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    fn pieces(sizes: &[usize]) -> Pieces {
        Pieces(sizes.iter().map(|size| Bytes::from(vec![b'x'; *size])).collect())
    }

    #[tokio::test]
    async fn h2_a_body_is_counted_to_the_byte() {
        let headers = HeaderMap::new();
        for (sizes, expected) in [
            (vec![], Ok(0)),
            (vec![10], Ok(10)),
            (vec![4, 6], Ok(10)),
            (vec![4, 3, 3], Ok(10)),
            (vec![11], Err(BodyError::TooLarge { max_bytes: 10 })),
            (vec![4, 6, 1], Err(BodyError::TooLarge { max_bytes: 10 })),
        ] {
            let read = read(&headers, pieces(&sizes), 10).await.map(|whole| whole.bytes.len());
            assert_eq!(read, expected, "{sizes:?}");
        }
    }

    #[tokio::test]
    async fn h2_an_announced_giant_is_refused_unread() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("10000000000"));
        let mut body = pieces(&[5]);
        let refused = read(&headers, &mut body, 10).await.expect_err("too large");
        assert_eq!(refused, BodyError::TooLarge { max_bytes: 10 });
        assert_eq!(body.0.len(), 1, "nothing was taken");
    }

    #[tokio::test]
    async fn h2_nothing_is_unpacked() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(
            read(&headers, pieces(&[5]), 10).await.expect_err("packed"),
            BodyError::Encoded
        );
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("Identity"));
        assert_eq!(
            read(&headers, pieces(&[5]), 10).await.map(|whole| whole.bytes.len()),
            Ok(5)
        );
    }
}
