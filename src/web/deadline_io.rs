//! A TCP connection that gives up: on a head that dribbles in, and on a peer that stops taking the answer.
//! The body's deadline and the idle time are kept elsewhere (`body`, and hyper's own timer).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep};

use super::head_watch::{HeadWatch, Seen};
use super::limits::{HEAD_DEADLINE, WRITE_DEADLINE};

/// What a connection is doing, shared by its I/O, its requests and the accept loop.
pub struct Progress {
    phase: AtomicU8,
    idle_since_ms: AtomicU64,
    started: Instant,
    /// What the head being read says of its body, as a `Seen`.
    head: AtomicU8,
    /// A body was refused unread: the peer may still be sending.
    linger: AtomicBool,
    /// What the house last wished, as a `Wish`; zero when nothing.
    wish: AtomicU8,
    wished: Notify,
}

/// What the house wants of a connection; a later wish never takes back a stronger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Close at once if idle: the place is needed.
    Leave = 1,
    /// Answer what was asked and close.
    Finish = 2,
    /// Close, whatever is going on.
    Vanish = 3,
}

impl Progress {
    pub fn new(epoch: Instant) -> Arc<Self> {
        let progress = Self {
            phase: AtomicU8::new(HEAD),
            idle_since_ms: AtomicU64::new(0),
            started: epoch,
            head: AtomicU8::new(Seen::Nothing as u8),
            linger: AtomicBool::new(false),
            wish: AtomicU8::new(0),
            wished: Notify::new(),
        };
        progress.note_idle_since();
        Arc::new(progress)
    }

    /// A request's head is complete; says what was seen of it.
    pub fn begin_request(&self) -> Seen {
        self.phase.store(BUSY, Ordering::Relaxed);
        match self.head.swap(Seen::Nothing as u8, Ordering::Relaxed) {
            LENGTH => Seen::Length,
            NO_LENGTH => Seen::NoLength,
            _ => Seen::Nothing,
        }
    }

    /// The answer is made; what comes in now belongs to another request.
    pub fn end_request(&self) {
        self.note_idle_since();
        self.phase.store(IDLE, Ordering::Relaxed);
    }

    pub fn linger(&self) {
        self.linger.store(true, Ordering::Relaxed);
    }

    pub fn lingers(&self) -> bool {
        self.linger.load(Ordering::Relaxed)
    }

    pub fn tell(&self, wish: Wish) {
        self.wish.fetch_max(wish as u8, Ordering::AcqRel);
        self.wished.notify_one();
    }

    /// Resolves with the next wish.
    pub async fn told(&self) -> Wish {
        loop {
            self.wished.notified().await;
            match self.wish.swap(0, Ordering::AcqRel) {
                LEAVE => return Wish::Leave,
                FINISH => return Wish::Finish,
                VANISH => return Wish::Vanish,
                _ => {}
            }
        }
    }

    /// Since when nothing was asked on this connection; `None` while it works on a request.
    pub fn idle_since(&self) -> Option<u64> {
        (self.phase.load(Ordering::Relaxed) != BUSY).then(|| self.idle_since_ms.load(Ordering::Relaxed))
    }

    fn note_idle_since(&self) {
        let since = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.idle_since_ms.store(since, Ordering::Relaxed);
    }
}

pub struct DeadlineIo<S> {
    stream: S,
    progress: Arc<Progress>,
    head_watch: HeadWatch,
    head_until: Option<Instant>,
    head_timer: Timer,
    write_timer: Timer,
    head_deadline: Duration,
    write_deadline: Duration,
}

impl<S> DeadlineIo<S> {
    /// A fresh connection: its first head is due from now on.
    pub fn new(stream: S, progress: Arc<Progress>) -> Self {
        Self::with_deadlines(stream, progress, HEAD_DEADLINE, WRITE_DEADLINE)
    }

    fn with_deadlines(stream: S, progress: Arc<Progress>, head: Duration, write: Duration) -> Self {
        Self {
            stream,
            progress,
            head_watch: HeadWatch::default(),
            head_until: Some(Instant::now() + head),
            head_timer: Timer::default(),
            write_timer: Timer::default(),
            head_deadline: head,
            write_deadline: write,
        }
    }

    /// Starts the head's clock at its first byte and stops it when the request is being worked on.
    fn note_read(&mut self, bytes: &[u8]) {
        match self.progress.phase.load(Ordering::Relaxed) {
            BUSY => self.head_until = None,
            IDLE if bytes.is_empty() => self.head_until = None,
            IDLE => {
                self.progress.phase.store(HEAD, Ordering::Relaxed);
                self.head_until = Some(Instant::now() + self.head_deadline);
                self.head_watch = HeadWatch::default();
                self.watch_head(bytes);
            }
            _ => self.watch_head(bytes),
        }
    }

    fn watch_head(&mut self, bytes: &[u8]) {
        self.head_watch.read(bytes);
        self.progress
            .head
            .store(self.head_watch.seen() as u8, Ordering::Relaxed);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for DeadlineIo<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        this.note_read(buf.filled().get(before..).unwrap_or_default());
        if polled.is_pending()
            && let Some(until) = this.head_until
        {
            ready!(this.head_timer.poll_until(cx, until));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the head took too long")));
        }
        if polled.is_pending() {
            this.head_timer.stop();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> DeadlineIo<S> {
    fn bound_write<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.write_timer.stop();
            return polled;
        }
        let until = self
            .write_timer
            .until
            .unwrap_or_else(|| Instant::now() + self.write_deadline);
        ready!(self.write_timer.poll_until(cx, until));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the peer does not take the answer",
        )))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for DeadlineIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bound_write(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.bound_write(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.bound_write(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.bound_write(cx, polled)
    }
}

/// A timer that costs nothing until something has to be waited for.
#[derive(Default)]
struct Timer {
    until: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if self.until != Some(until) {
            sleep.as_mut().reset(until);
            self.until = Some(until);
        }
        sleep.as_mut().poll(cx)
    }

    fn stop(&mut self) {
        self.until = None;
    }
}

const HEAD: u8 = 0;
const BUSY: u8 = 1;
const IDLE: u8 = 2;

const NO_LENGTH: u8 = Seen::NoLength as u8;
const LEAVE: u8 = Wish::Leave as u8;
const FINISH: u8 = Wish::Finish as u8;
const VANISH: u8 = Wish::Vanish as u8;
const LENGTH: u8 = Seen::Length as u8;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const SHORT: Duration = Duration::from_millis(40);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn h1_a_head_that_never_ends_is_cut() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let progress = Progress::new(Instant::now());
        let mut io = DeadlineIo::with_deadlines(ours, progress.clone(), SHORT, LONG);
        theirs.write_all(b"GE").await.expect("room");
        let mut bytes = [0; 8];
        assert_eq!(io.read(&mut bytes).await.expect("two bytes"), 2);
        let error = io.read(&mut bytes).await.expect_err("the rest never comes");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn an_idle_connection_waits_and_its_next_head_has_a_deadline_of_its_own() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let progress = Progress::new(Instant::now());
        let mut io = DeadlineIo::with_deadlines(ours, progress.clone(), SHORT, LONG);
        progress.begin_request();
        assert_eq!(progress.idle_since(), None);
        progress.end_request();
        assert!(progress.idle_since().is_some());
        let mut bytes = [0; 8];
        let idle = tokio::time::timeout(SHORT * 3, io.read(&mut bytes)).await;
        assert!(idle.is_err(), "an idle connection is not cut by the head's deadline");
        theirs.write_all(b"P").await.expect("room");
        assert_eq!(io.read(&mut bytes).await.expect("one byte"), 1);
        let error = io.read(&mut bytes).await.expect_err("the rest never comes");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn h1_a_peer_that_takes_nothing_is_cut() {
        let (ours, _theirs) = tokio::io::duplex(8);
        let mut io = DeadlineIo::with_deadlines(ours, Progress::new(Instant::now()), LONG, SHORT);
        let error = io.write_all(&[0; 64]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
