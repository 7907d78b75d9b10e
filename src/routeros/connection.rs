//! One connection to one router: deadlines, tags, and what a broken connection means for the commands on it.
//!
//! A session that failed in any way refuses further commands: what is still in its pipe is unknown. Opening
//! another is the caller's affair.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::codec::{Decoder, Sentence};
use super::command::{Command, Effect};
use super::reply::{Budget, Pending, Reply, read_fatal};
use super::trap::Trap;
use super::{Deadlines, ProtocolError, RouterError, Target, login};
use crate::company::RouterTls;
use crate::tls;

/// A logged-in connection. Dropping it drops the connection; `close` says goodbye first, so that the router
/// keeps no session.
pub struct Session {
    wire: Box<dyn Wire>,
    decoder: Decoder,
    buffer: BytesMut,
    next_tag: u64,
    deadlines: Deadlines,
    /// False while an exchange runs, and for ever after one that failed or was dropped half-way.
    usable: bool,
}

trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}

impl Session {
    /// Connects and logs in.
    pub async fn connect(target: &Target, deadlines: &Deadlines) -> Result<Self, RouterError> {
        let (host, port) =
            endpoint(&target.address, &target.tls).ok_or_else(|| RouterError::Address(target.address.clone()))?;
        let connecting = TcpStream::connect((host.as_str(), port));
        let tcp = within("connect", deadlines.connect, async {
            connecting.await.map_err(|source| RouterError::Connect {
                address: target.address.clone(),
                source,
            })
        })
        .await?;
        // Commands are small and each waits for its answer.
        tcp.set_nodelay(true).map_err(RouterError::Broken)?;
        within("login", deadlines.login, async {
            let mut session = Self::over(protect(tcp, &host, &target.tls).await?, *deadlines);
            login::log_in(&mut session, &target.user, &target.password).await?;
            Ok(session)
        })
        .await
    }

    fn over(wire: Box<dyn Wire>, deadlines: Deadlines) -> Self {
        Self {
            wire,
            decoder: Decoder::new(),
            buffer: BytesMut::new(),
            next_tag: 1,
            deadlines,
            usable: true,
        }
    }

    /// Sends one command and waits for all of its answer. `RouterError::Unknown` if it changes something and
    /// was sent, but no answer came.
    pub async fn run(&mut self, command: Command) -> Result<Reply, RouterError> {
        let mut outcomes = self.run_together(&[command]).await?;
        outcomes
            .pop()
            .unwrap_or(Ok(Reply::default()))
            .map_err(RouterError::Trap)
    }

    /// Sends several commands at once, which saves a round trip each, and waits for all answers, in whatever
    /// order they come. The outcomes are in the order of `commands`.
    pub async fn run_together(&mut self, commands: &[Command]) -> Result<Vec<Result<Reply, Trap>>, RouterError> {
        if !self.is_open().await {
            // Nothing of the commands was sent.
            return Err(RouterError::Closed);
        }
        let (wire, mut pending) = self.encode(commands)?;
        let writes = commands.iter().any(|command| command.effect == Effect::Write);
        let deadline = if writes {
            self.deadlines.write
        } else {
            self.deadlines.read
        };
        let step = commands.first().map_or("nothing", |command| command.path);
        let ended = within(step, deadline, self.exchange(&wire, &mut pending)).await;
        match ended {
            Err(error) if !pending.iter().all(Pending::has_answer) => Err(lost(commands, &pending, error)),
            _ => Ok(pending.into_iter().map(Pending::outcome).collect()),
        }
    }

    /// Whether the router has not hung up. A session that idled is worth asking before it is used: a command
    /// sent into a closed connection has an unknown fate.
    pub async fn is_open(&mut self) -> bool {
        if !self.usable {
            return false;
        }
        let mut chunk = [0; LOOK_CHUNK];
        let mut chunk = ReadBuf::new(&mut chunk);
        let mut wire = Pin::new(&mut self.wire);
        // Looks without waiting.
        let looked = std::future::poll_fn(|context| match wire.as_mut().poll_read(context, &mut chunk) {
            Poll::Pending => Poll::Ready(None),
            Poll::Ready(read) => Poll::Ready(Some(read)),
        })
        .await;
        self.usable = match looked {
            None => true,
            Some(Ok(())) if !chunk.filled().is_empty() => {
                self.buffer.extend_from_slice(chunk.filled());
                self.skip_old_sentences().is_ok()
            }
            Some(_) => false,
        };
        self.usable
    }

    /// Says goodbye, so that no session stays behind on the router. Never fails: the connection ends anyway.
    pub async fn close(mut self) {
        if !self.usable {
            return;
        }
        let quit = [Command::bare("/quit", Effect::Read)];
        if let Ok((wire, mut pending)) = self.encode(&quit) {
            // The answer is `!fatal` and a closed connection, or silence: the end either way.
            drop(timeout(GOODBYE, self.exchange(&wire, &mut pending)).await);
        }
    }

    /// One exchange without a deadline of its own; for the login, which has one over all its steps.
    pub(super) async fn run_within_login(&mut self, command: Command) -> Result<Result<Reply, Trap>, RouterError> {
        let (wire, mut pending) = self.encode(&[command])?;
        self.exchange(&wire, &mut pending).await?;
        Ok(pending.pop().map_or(Ok(Reply::default()), Pending::outcome))
    }

    fn encode(&mut self, commands: &[Command]) -> Result<(Vec<u8>, Vec<Pending>), RouterError> {
        let (mut wire, mut pending) = (Vec::new(), Vec::new());
        for command in commands {
            let tag = self.next_tag.to_string().into_bytes();
            self.next_tag += 1;
            let mut sentence = command.words.clone();
            sentence.push(&[b".tag=", tag.as_slice()].concat());
            sentence.encode(&mut wire).map_err(ProtocolError::Codec)?;
            pending.push(Pending::new(tag));
        }
        Ok((wire, pending))
    }

    async fn exchange(&mut self, wire: &[u8], pending: &mut [Pending]) -> Result<(), RouterError> {
        self.usable = false;
        self.wire.write_all(wire).await.map_err(RouterError::Broken)?;
        self.wire.flush().await.map_err(RouterError::Broken)?;
        let mut budget = Budget::new();
        while !pending.iter().all(Pending::is_done) {
            let sentence = self.next_sentence(&mut budget).await?;
            if sentence.kind() == b"!fatal" {
                return Err(read_fatal(&sentence));
            }
            let tag = sentence.tag().unwrap_or_default();
            // What belongs to nobody here is late or foreign, and is skipped.
            if let Some(waiting) = pending.iter_mut().find(|waiting| waiting.awaits(tag)) {
                waiting.take(sentence, &mut budget)?;
            }
        }
        self.usable = true;
        Ok(())
    }

    async fn next_sentence(&mut self, budget: &mut Budget) -> Result<Sentence, RouterError> {
        loop {
            if let Some(sentence) = self.decode().map_err(ProtocolError::Codec)? {
                return Ok(sentence);
            }
            self.buffer.reserve(READ_CHUNK);
            match self
                .wire
                .read_buf(&mut self.buffer)
                .await
                .map_err(RouterError::Broken)?
            {
                0 => return Err(RouterError::Closed),
                count => budget.receive(count)?,
            }
        }
    }

    fn decode(&mut self) -> Result<Option<Sentence>, super::CodecError> {
        let mut input = &self.buffer[..];
        let decoded = self.decoder.decode(&mut input);
        let used = self.buffer.len() - input.len();
        self.buffer.advance(used);
        decoded
    }

    /// Reads past what came between two exchanges.
    fn skip_old_sentences(&mut self) -> Result<(), RouterError> {
        while let Some(sentence) = self.decode().map_err(ProtocolError::Codec)? {
            if sentence.kind() == b"!fatal" {
                return Err(read_fatal(&sentence));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session(usable: {})", self.usable)
    }
}

/// The host and port of an address, with the API's own port where none is given.
pub fn endpoint(address: &str, tls: &RouterTls) -> Option<(String, u16)> {
    let default = if *tls == RouterTls::Off { PORT } else { TLS_PORT };
    let address = address.trim();
    if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = match after.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if after.is_empty() => default,
            None => return None,
        };
        return Some((host.to_owned(), port));
    }
    let (host, port) = match address.split_once(':') {
        // Several colons without brackets are an address of version 6 alone.
        Some((_, rest)) if rest.contains(':') => (address, default),
        Some((host, port)) => (host, port.parse().ok()?),
        None => (address, default),
    };
    let plausible = !host.is_empty() && !host.contains(char::is_whitespace) && !host.contains('/');
    plausible.then(|| (host.to_owned(), port))
}

async fn protect(tcp: TcpStream, host: &str, protection: &RouterTls) -> Result<Box<dyn Wire>, RouterError> {
    let trust = match protection {
        RouterTls::Off => return Ok(Box::new(tcp)),
        RouterTls::Webpki => tls::Trust::Webpki,
        RouterTls::Pinned(sha256) => tls::Trust::Pinned(*sha256),
    };
    Ok(Box::new(tls::connect(tcp, host, &trust).await?))
}

async fn within<T>(
    step: &'static str,
    deadline: Duration,
    work: impl Future<Output = Result<T, RouterError>>,
) -> Result<T, RouterError> {
    let late = || RouterError::Timeout {
        step,
        after_s: deadline.as_secs(),
    };
    timeout(deadline, work).await.unwrap_or_else(|_| Err(late()))
}

/// A failure names the command whose fate it leaves open, if one changes something.
fn lost(commands: &[Command], pending: &[Pending], error: RouterError) -> RouterError {
    let open = commands
        .iter()
        .zip(pending)
        .find(|(command, waiting)| command.effect == Effect::Write && !waiting.has_answer());
    match open {
        Some((command, _)) => RouterError::Unknown {
            command: command.path,
            source: Box::new(error),
        },
        None => error,
    }
}

/// RouterOS' `api` and `api-ssl` services.
const PORT: u16 = 8728;
const TLS_PORT: u16 = 8729;

/// Bytes read at once; a row is a few hundred.
const READ_CHUNK: usize = 8 * 1024;

/// Bytes looked at before a session is used again: a `!fatal` fits.
const LOOK_CHUNK: usize = 512;

/// How long a goodbye may delay a stop.
const GOODBYE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_leave_the_port_out() {
        let read = |address: &str, tls| endpoint(address, &tls);
        for (address, host, port) in [
            ("10.0.0.1:8728", "10.0.0.1", 8728),
            ("router.example.net", "router.example.net", 8728),
            (" 10.0.0.1:1234 ", "10.0.0.1", 1234),
            ("[fd00::1]:99", "fd00::1", 99),
            ("[fd00::1]", "fd00::1", 8728),
            ("fd00::1", "fd00::1", 8728),
        ] {
            assert_eq!(
                read(address, RouterTls::Off),
                Some((host.to_owned(), port)),
                "{address}"
            );
        }
        assert_eq!(read("10.0.0.1", RouterTls::Webpki), Some(("10.0.0.1".to_owned(), 8729)));
        for address in [
            "",
            ":8728",
            "host:",
            "host:port",
            "host:99999",
            "[fd00::1",
            "[fd00::1]x",
            "http://host",
            "a b:1",
        ] {
            assert_eq!(read(address, RouterTls::Off), None, "{address}");
        }
    }
}
