//! Connections: accepts them within a cap, gives each its deadlines, and stops without cutting an answer.
//! It knows nothing of paths; `route` answers the requests.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::TRANSFER_ENCODING;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use super::deadline_io::{DeadlineIo, Progress, Wish};
use super::door::{Arrival, Door, Doors, Opened, Peer, Stream};
use super::head_watch::Seen;
use super::limits;

/// Held by everything that must be finished before the server is gone.
pub type Alive = mpsc::Sender<Infallible>;

/// Marks an answer after which the peer may still be sending a body that nobody wants.
#[derive(Clone, Copy, Debug)]
pub struct BodyUnread;

/// Marks a request whose head states its body's length in two ways.
#[derive(Clone, Copy, Debug)]
pub struct TwoLengths;

/// Serves `handler` at these doors until `stop` resolves; then takes no more connections, finishes every request
/// already read and returns, at the latest after `DRAIN_DEADLINE`.
pub async fn serve<H, F>(doors: Vec<Door>, stop: impl Future<Output = ()>, handler: H)
where
    H: Fn(Peer, Alive, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    serve_at_most(limits::CONNECTIONS_MAX, doors, stop, handler).await;
}

async fn serve_at_most<H, F>(cap: usize, doors: Vec<Door>, stop: impl Future<Output = ()>, handler: H)
where
    H: Fn(Peer, Alive, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let (house, mut doors) = (House::new(cap), Doors::new(doors));
    let handler = Arc::new(handler);
    let (alive, mut gone) = mpsc::channel(1);
    let mut stop = pin!(stop);
    loop {
        let (arrival, seat) = tokio::select! {
            () = &mut stop => break,
            accepted = house.accept(&mut doors) => accepted,
        };
        let connection = serve_connection(arrival, seat, alive.clone(), handler.clone());
        tokio::spawn(connection);
    }
    drop(doors);
    drop(alive);
    house.tell_all(Wish::Finish);
    if tokio::time::timeout(limits::DRAIN_DEADLINE, gone.recv()).await.is_err() {
        tracing::warn!(
            drain_ms = limits::DRAIN_DEADLINE.as_millis(),
            "requests still running were left at the stop"
        );
    }
}

async fn serve_connection<H, F>(arrival: Arrival, seat: Seat, alive: Alive, handler: Arc<H>)
where
    H: Fn(Peer, Alive, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let (peer, progress) = (arrival.peer, seat.progress.clone());
    let Some(stream) = open(arrival, &progress).await else {
        return;
    };
    let requests = progress.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let seen = requests.begin_request();
        // A chunked head that was not seen may have had a length as well; clients that wait for answers have none such.
        if seen != Seen::NoLength && request.headers().contains_key(TRANSFER_ENCODING) {
            request.extensions_mut().insert(TwoLengths);
        }
        let answer = handler(peer, alive.clone(), request);
        let progress = requests.clone();
        Box::pin(async move {
            let response = answer.await;
            if response.extensions().get::<BodyUnread>().is_some() {
                progress.linger();
            }
            progress.end_request();
            Ok::<_, Infallible>(response)
        })
    });
    let io = TokioIo::new(DeadlineIo::new(stream, progress.clone()));
    let mut connection = http1_rules().serve_connection(io, service);
    let served = loop {
        let mut driven = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx));
        tokio::select! {
            biased;
            served = &mut driven => break served,
            wish = progress.told() => match wish {
                Wish::Finish => Pin::new(&mut connection).graceful_shutdown(),
                // It may have found work since it was chosen.
                Wish::Leave if progress.idle_since().is_none() => {}
                Wish::Leave | Wish::Vanish => return,
            }
        }
    };
    if let Err(error) = &served {
        tracing::debug!(peer = %peer.address, error = error as &dyn std::error::Error, "connection ended");
    }
    let io = connection.into_parts().io.into_inner();
    part(io, progress.lingers()).await;
}

/// The connection when requests may come. A guest who does not get so far has nothing to lose: any wish of the house
/// sends him away.
async fn open(arrival: Arrival, progress: &Arc<Progress>) -> Option<Stream> {
    if !arrival.is_protected() {
        return speaking(arrival.open().await, progress).await;
    }
    let peer = arrival.peer.address;
    let opened = tokio::select! {
        biased;
        opened = tokio::time::timeout(limits::HANDSHAKE_DEADLINE, arrival.open()) => opened,
        _ = progress.told() => return None,
    };
    match opened {
        Ok(opened) => speaking(opened, progress).await,
        Err(_) => {
            tracing::debug!(%peer, "the TLS handshake took too long");
            None
        }
    }
}

async fn speaking(opened: io::Result<Opened>, progress: &Arc<Progress>) -> Option<Stream> {
    match opened {
        Ok(Opened::Speaking(stream)) => Some(stream),
        Ok(Opened::Refused(stream)) => {
            part(DeadlineIo::new(stream, progress.clone()), true).await;
            None
        }
        Err(error) => {
            tracing::debug!(%error, "no TLS was agreed on");
            None
        }
    }
}

/// Ends the connection so that the last answer arrives: says that we are done, and when the peer may still be
/// sending, takes a while of it, because closing over unread bytes would reset the answer away.
async fn part(mut io: DeadlineIo<Stream>, lingers: bool) {
    if io.shutdown().await.is_err() || !lingers {
        return;
    }
    let mut scrap = vec![0; 16 * 1024];
    let drain = async {
        let mut taken = 0;
        while taken < limits::LINGER_MAX_BYTES {
            match io.read(&mut scrap).await {
                Ok(0) | Err(_) => return,
                Ok(size) => taken += size,
            }
        }
    };
    // Whichever ends first, the connection is dropped.
    let _ = tokio::time::timeout(limits::LINGER_DEADLINE, drain).await;
}

fn http1_rules() -> http1::Builder {
    let mut rules = http1::Builder::new();
    rules
        .timer(TokioTimer::new())
        // Counts from the end of the last answer; the head's own deadline is kept by `DeadlineIo`.
        .header_read_timeout(limits::IDLE_DEADLINE)
        .max_header_size(limits::HEAD_MAX_BYTES)
        .max_buf_size(limits::HEAD_MAX_BYTES);
    rules
}

/// The places for connections, and who sits there.
struct House {
    places: Arc<Semaphore>,
    seated: Arc<Mutex<Seated>>,
    epoch: Instant,
    /// When a failed accept was last told, since the epoch.
    warned: Mutex<Option<Duration>>,
}

#[derive(Default)]
struct Seated {
    next: u64,
    guests: HashMap<u64, Arc<Progress>>,
}

/// One connection's place; dropping it frees it.
struct Seat {
    progress: Arc<Progress>,
    id: u64,
    seated: Arc<Mutex<Seated>>,
    _place: OwnedSemaphorePermit,
}

impl House {
    fn new(cap: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(cap)),
            seated: Arc::default(),
            epoch: Instant::now(),
            warned: Mutex::default(),
        }
    }

    /// The next connection, with its place. Never fails: what the system cannot give now is asked for again
    /// after a pause (fault H8).
    async fn accept(&self, doors: &mut Doors) -> (Arrival, Seat) {
        loop {
            match doors.accept().await {
                Ok(arrival) => return (arrival, self.seat(self.place().await)),
                Err(error) if is_peers_fault(&error) => {}
                Err(error) => {
                    self.warn_of(&error);
                    self.evict_the_idlest();
                    tokio::time::sleep(limits::ACCEPT_BACKOFF).await;
                }
            }
        }
    }

    /// A free place; in a full house the connection that was idle longest has to leave.
    async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = self.places.clone().try_acquire_owned() {
                return place;
            }
            self.evict_the_idlest();
            let place = self.places.clone().acquire_owned();
            // The semaphore is never closed, so an error here is only the patience running out.
            if let Ok(Ok(place)) = tokio::time::timeout(EVICTION_PATIENCE, place).await {
                return place;
            }
        }
    }

    /// Says it now and then: in such a need it happens many times a second.
    fn warn_of(&self, error: &io::Error) {
        let now = self.epoch.elapsed();
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|before| now.saturating_sub(before) > WARNING_PAUSE) {
            *warned = Some(now);
            tracing::warn!(%error, "no connection can be accepted now; raise the limit of open files");
        }
    }

    fn seat(&self, place: OwnedSemaphorePermit) -> Seat {
        let progress = Progress::new(self.epoch);
        let mut seated = self.seated.lock().unwrap_or_else(PoisonError::into_inner);
        let id = seated.next;
        seated.next += 1;
        seated.guests.insert(id, progress.clone());
        Seat {
            progress,
            id,
            seated: self.seated.clone(),
            _place: place,
        }
    }

    fn evict_the_idlest(&self) {
        let seated = self.seated.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = seated
            .guests
            .iter()
            .filter_map(|(id, guest)| Some((guest.idle_since()?, id, guest)));
        if let Some((_, _, guest)) = idle.min_by_key(|(since, id, _)| (*since, *id)) {
            guest.tell(Wish::Leave);
        }
    }

    fn tell_all(&self, wish: Wish) {
        let seated = self.seated.lock().unwrap_or_else(PoisonError::into_inner);
        seated.guests.values().for_each(|guest| guest.tell(wish));
    }
}

/// Nobody waits for the answers any more.
impl Drop for House {
    fn drop(&mut self) {
        self.tell_all(Wish::Vanish);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seated
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .guests
            .remove(&self.id);
    }
}

/// The peer gave up while it waited to be accepted; the next one may be fine.
fn is_peers_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Between two warnings of the same need.
const WARNING_PAUSE: Duration = Duration::from_secs(10);
/// How long one evicted connection may take to leave before the next is asked to.
const EVICTION_PATIENCE: Duration = Duration::from_millis(250);

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
