//! The router's API service: connections, logins, tags, and the faults a test asked for.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::commands::{self, Done};
use super::faults::{CutAt, Misbehaviour};
use super::wire::{Sentence, put_sentence, take_sentence};
use super::world::Refusal;
use super::{Shared, SimVersion, menus, query};

/// Accepts until it is dropped; its connections end with it.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _counted = shared.count_connection();
    // A client that leaves in the middle is no event.
    let _: io::Result<()> = match shared.tls.clone() {
        None => Connection::new(stream, shared).run().await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => Connection::new(stream, shared).run().await,
            Err(error) => Err(error),
        },
    };
}

struct Connection<S> {
    stream: S,
    shared: Arc<Shared>,
    input: BytesMut,
    /// The login user, once logged in.
    user: Option<String>,
    challenge: Option<[u8; 16]>,
    listeners: Vec<Listener>,
}

/// A running `listen`.
struct Listener {
    tag: Option<Vec<u8>>,
    words: Sentence,
    menu: &'static menus::Menu,
    known: BTreeMap<u64, Sentence>,
}

/// What follows a sentence of the client.
enum Step {
    Say(Vec<Sentence>),
    HangUp(Vec<Sentence>),
    /// These bytes again and again, until the client leaves.
    Flood(Vec<u8>),
    /// These bytes once.
    Raw(Vec<u8>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    fn new(stream: S, shared: Arc<Shared>) -> Self {
        Self {
            stream,
            shared,
            input: BytesMut::new(),
            user: None,
            challenge: None,
            listeners: Vec::new(),
        }
    }

    async fn run(mut self) -> io::Result<()> {
        let mut changes = self.shared.changes.subscribe();
        loop {
            tokio::select! {
                read = self.stream.read_buf(&mut self.input) => if read? == 0 { return Ok(()) },
                () = changed(&mut changes) => {
                    let news = self.news();
                    self.say(vec![news]).await?;
                    continue;
                }
            }
            let mut answers = Vec::new();
            while let Some(sentence) = take_sentence(&mut self.input).map_err(|_| io::ErrorKind::InvalidData)? {
                if sentence.is_empty() {
                    continue;
                }
                match self.answer(&sentence).await {
                    Step::Say(sentences) => answers.push(sentences),
                    Step::HangUp(last) => {
                        answers.push(last);
                        self.say(answers).await?;
                        return self.stream.shutdown().await;
                    }
                    Step::Raw(bytes) => self.stream.write_all(&bytes).await?,
                    Step::Flood(bytes) => loop {
                        self.stream.write_all(&bytes).await?;
                    },
                }
            }
            self.say(answers).await?;
        }
    }

    async fn answer(&mut self, sentence: &Sentence) -> Step {
        self.shared.note(sentence);
        let (delay, silent_login) = {
            let inner = self.shared.lock();
            (inner.faults.delay, inner.faults.silent_login)
        };
        if let Some(delay) = delay {
            sleep(delay).await;
        }
        let tag = sentence
            .iter()
            .find_map(|word| word.strip_prefix(b".tag="))
            .map(<[u8]>::to_vec);
        let kind = sentence.first().map_or(&[][..], Vec::as_slice);
        match (kind, self.user.clone()) {
            (b"/login", _) if silent_login => Step::Raw(Vec::new()),
            (b"/login", _) => Step::Say(tagged(self.log_in(sentence), tag.as_deref())),
            (b"/quit", _) => Step::HangUp(vec![vec![
                b"!fatal".to_vec(),
                b"session terminated on request".to_vec(),
            ]]),
            (_, None) => Step::Say(tagged(refused(&Refusal::new("not logged in")), tag.as_deref())),
            (b"/cancel", _) => Step::Say(self.cancel(sentence, tag.as_deref())),
            (_, Some(user)) => self.command(&user, sentence, tag),
        }
    }

    fn command(&mut self, user: &str, sentence: &Sentence, tag: Option<Vec<u8>>) -> Step {
        if let Some(menu) = listened(sentence) {
            return Step::Say(self.listen(user, sentence, menu, tag));
        }
        let misbehaviour = self.shared.lock().faults.misbehaviour.clone();
        match misbehaviour {
            None => self.execute(user, sentence, tag.as_deref()),
            Some(Misbehaviour::Noise) => match self.execute(user, sentence, tag.as_deref()) {
                Step::Say(answer) => Step::Say(noisy(answer, tag.as_deref())),
                other => other,
            },
            Some(misbehaviour) => misbehave(misbehaviour, tag.as_deref()),
        }
    }

    fn execute(&self, user: &str, sentence: &Sentence, tag: Option<&[u8]>) -> Step {
        let mut inner = self.shared.lock();
        let adds = sentence.first().is_some_and(|path| path == ADD_USER);
        let scripts = sentence.first().is_some_and(|path| path == ADD_SCRIPT);
        let cut = match (adds, scripts) {
            (true, _) => inner.faults.cut_now(),
            (_, true) => inner.faults.script_cut.take(),
            _ => None,
        };
        if cut == Some(CutAt::BeforeExecuting) {
            return Step::HangUp(Vec::new());
        }
        if scripts && inner.faults.refuse_scripts {
            return Step::Say(tagged(refused(&Refusal::new("not enough permissions (9)")), tag));
        }
        let before = (adds && inner.faults.hollow_adds).then(|| inner.world.rows(menus::USER).len());
        let outcome = commands::execute(&mut inner.world, user, sentence);
        if before.is_some_and(|before| inner.world.rows(menus::USER).len() > before) {
            let last = inner.world.rows(menus::USER).last().map(|row| row.id);
            last.and_then(|id| inner.world.remove(menus::USER, id));
        }
        let says_empty = inner.world.version == SimVersion::V7;
        drop(inner);
        self.shared.changed();
        match (cut, outcome) {
            (Some(_), _) => Step::HangUp(Vec::new()),
            (None, Ok(done)) => Step::Say(tagged(finished(done, says_empty), tag)),
            (None, Err(refusal)) => Step::Say(tagged(refused(&refusal), tag)),
        }
    }

    /// Name and password at once, or the challenge of versions before 6.43.
    fn log_in(&mut self, sentence: &Sentence) -> Vec<Sentence> {
        let attributes = commands::attributes(sentence);
        let value = |name| {
            attributes
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        };
        let name = value("name")
            .map(|name| String::from_utf8_lossy(&name).into_owned())
            .unwrap_or_default();
        let (version, known) = {
            let inner = self.shared.lock();
            (inner.world.version, inner.world.login_password(&name))
        };
        let fits = match (version, value("response")) {
            (SimVersion::Old, None) => {
                let challenge: [u8; 16] = rand::random();
                self.challenge = Some(challenge);
                let ret = format!("=ret={}", HEXLOWER.encode(&challenge));
                return vec![vec![b"!done".to_vec(), ret.into_bytes()]];
            }
            (SimVersion::Old, Some(response)) => {
                let expected = known.zip(self.challenge.take()).map(|(password, challenge)| {
                    let digest = Md5::new()
                        .chain_update([0])
                        .chain_update(password)
                        .chain_update(challenge)
                        .finalize();
                    format!("00{}", HEXLOWER.encode(&digest)).into_bytes()
                });
                expected == Some(response)
            }
            (_, _) => known.is_some() && known == value("password"),
        };
        if !fits {
            let old = version == SimVersion::Old;
            return refused(&Refusal::new(if old {
                "cannot log in"
            } else {
                "invalid user name or password (6)"
            }));
        }
        self.user = Some(name);
        self.shared.lock().logins += 1;
        vec![vec![b"!done".to_vec()]]
    }

    fn listen(
        &mut self,
        user: &str,
        sentence: &Sentence,
        menu: &'static menus::Menu,
        tag: Option<Vec<u8>>,
    ) -> Vec<Sentence> {
        let inner = self.shared.lock();
        if !inner.world.policies(user).contains("read") {
            return tagged(refused(&Refusal::new("not enough permissions (9)")), tag.as_deref());
        }
        let known = inner
            .world
            .shown(menu.path)
            .iter()
            .map(|row| (row.id, stable_words(menu, row)))
            .collect();
        drop(inner);
        self.listeners.push(Listener {
            tag,
            words: sentence.clone(),
            menu,
            known,
        });
        Vec::new()
    }

    /// What changed since a listener was last told.
    fn news(&mut self) -> Vec<Sentence> {
        let inner = self.shared.lock();
        let mut news = Vec::new();
        for listener in &mut self.listeners {
            let rows = inner.world.shown(listener.menu.path);
            let dead: Vec<u64> = listener
                .known
                .keys()
                .copied()
                .filter(|id| !rows.iter().any(|row| row.id == *id))
                .collect();
            for id in dead {
                listener.known.remove(&id);
                let words = vec![
                    b"!re".to_vec(),
                    format!("=.id=*{id:X}").into_bytes(),
                    b"=.dead=true".to_vec(),
                ];
                news.extend(tagged(vec![words], listener.tag.as_deref()));
            }
            for row in rows {
                let words = stable_words(listener.menu, &row);
                let passes = query::matches(&listener.words, |name| row.get(name).map(<[u8]>::to_vec));
                if listener.known.get(&row.id) != Some(&words) && passes {
                    let sentence = [vec![b"!re".to_vec()], words.clone()].concat();
                    news.extend(tagged(vec![sentence], listener.tag.as_deref()));
                }
                listener.known.insert(row.id, words);
            }
        }
        news
    }

    /// Stops the commands of one tag, or all; only `listen` runs long enough to be stopped.
    fn cancel(&mut self, sentence: &Sentence, tag: Option<&[u8]>) -> Vec<Sentence> {
        let attributes = commands::attributes(sentence);
        let wanted = attributes
            .iter()
            .find(|(name, _)| name == "tag")
            .map(|(_, value)| value.clone());
        let (stopped, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.listeners)
            .into_iter()
            .partition(|listener| wanted.is_none() || listener.tag == wanted);
        self.listeners = rest;
        let interrupted = refused(&Refusal::of(2, "interrupted"));
        let mut answer: Vec<Sentence> = stopped
            .iter()
            .flat_map(|listener| tagged(interrupted.clone(), listener.tag.as_deref()))
            .collect();
        answer.extend(tagged(vec![vec![b"!done".to_vec()]], tag));
        answer
    }

    async fn say(&mut self, answers: Vec<Vec<Sentence>>) -> io::Result<()> {
        let (interleave, trickle) = {
            let inner = self.shared.lock();
            (inner.faults.interleave, inner.faults.trickle)
        };
        let sentences = if interleave {
            interleaved(answers)
        } else {
            answers.concat()
        };
        let mut wire = Vec::new();
        sentences.iter().for_each(|sentence| put_sentence(&mut wire, sentence));
        let Some(pause) = trickle else {
            return self.stream.write_all(&wire).await;
        };
        for byte in wire {
            self.stream.write_all(&[byte]).await?;
            sleep(pause).await;
        }
        Ok(())
    }
}

/// Waits for a change of the world; for ever once the router is gone.
async fn changed(changes: &mut watch::Receiver<u64>) {
    if changes.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn listened(sentence: &Sentence) -> Option<&'static menus::Menu> {
    let path = sentence.first()?.strip_suffix(b"/listen")?;
    menus::find(std::str::from_utf8(path).ok()?).filter(|menu| menu.commands.contains(&"listen"))
}

/// A row without what changes by itself.
fn stable_words(menu: &menus::Menu, row: &super::world::Row) -> Sentence {
    let mut row = row.clone();
    row.values
        .retain(|name, _| !matches!(name.as_str(), "uptime" | "session-time-left" | "idle-time" | "next-run"));
    commands::row_words(menu, &row, None, false)
}

fn misbehave(misbehaviour: Misbehaviour, tag: Option<&[u8]>) -> Step {
    match misbehaviour {
        Misbehaviour::Silence => Step::Raw(Vec::new()),
        Misbehaviour::Garbage(bytes) => Step::Raw(bytes),
        Misbehaviour::EndlessRows => {
            let mut wire = Vec::new();
            let row = tagged(vec![vec![b"!re".to_vec(), b"=name=x".to_vec()]], tag);
            row.iter().for_each(|row| put_sentence(&mut wire, row));
            Step::Flood(wire.repeat(100))
        }
        Misbehaviour::EndlessWords => Step::Flood(b"\x03!re\x02=x".repeat(100)),
        Misbehaviour::EmptySentences => Step::Flood(vec![0; 4_096]),
        Misbehaviour::Fatal(reason) => Step::HangUp(vec![vec![b"!fatal".to_vec(), reason.into_bytes()]]),
        Misbehaviour::Traps(traps) => {
            let all = traps.into_iter().flat_map(|(category, message)| {
                let mut answer = refused(&Refusal { category, message });
                answer.truncate(1);
                answer
            });
            Step::Say(tagged(all.chain([vec![b"!done".to_vec()]]).collect(), tag))
        }
        // Handled where the right answer is known.
        Misbehaviour::Noise => Step::Say(Vec::new()),
    }
}

fn finished(done: Done, says_empty: bool) -> Vec<Sentence> {
    let row = |words: Vec<Vec<u8>>| [vec![b"!re".to_vec()], words].concat();
    let mut sentences: Vec<Sentence> = done.rows.into_iter().map(row).collect();
    if done.empty && says_empty {
        sentences.push(vec![b"!empty".to_vec()]);
    }
    let ret = done.ret.map(|ret| [&b"=ret="[..], ret.as_slice()].concat());
    sentences.push(std::iter::once(b"!done".to_vec()).chain(ret).collect());
    sentences
}

fn refused(refusal: &Refusal) -> Vec<Sentence> {
    let category = refusal
        .category
        .map(|category| format!("=category={category}").into_bytes());
    let message = [b"=message=", refusal.message.as_bytes()].concat();
    let trap = std::iter::once(b"!trap".to_vec())
        .chain(category)
        .chain([message])
        .collect();
    vec![trap, vec![b"!done".to_vec()]]
}

fn tagged(mut sentences: Vec<Sentence>, tag: Option<&[u8]>) -> Vec<Sentence> {
    if let Some(tag) = tag {
        let word = [b".tag=", tag].concat();
        sentences.iter_mut().for_each(|sentence| sentence.push(word.clone()));
    }
    sentences
}

/// Words of a later version, a bare sentence, and the answer to a command of somebody else.
fn noisy(answer: Vec<Sentence>, tag: Option<&[u8]>) -> Vec<Sentence> {
    let surprise = tagged(
        vec![
            vec![b"!surprise".to_vec(), b"=ret=*99".to_vec()],
            vec![b"!empty".to_vec()],
        ],
        tag,
    );
    let foreign = tagged(
        vec![
            vec![b"!re".to_vec(), b"=name=foreign".to_vec()],
            vec![b"!done".to_vec()],
        ],
        Some(b"nobody"),
    );
    let untagged = vec![vec![b"!done".to_vec()]];
    [surprise, foreign, untagged, answer].concat()
}

/// One sentence of each answer in turn, the last answer first.
fn interleaved(answers: Vec<Vec<Sentence>>) -> Vec<Sentence> {
    let mut queues: Vec<_> = answers.into_iter().rev().map(Vec::into_iter).collect();
    let mut mixed = Vec::new();
    loop {
        let round: Vec<Sentence> = queues.iter_mut().filter_map(Iterator::next).collect();
        if round.is_empty() {
            return mixed;
        }
        mixed.extend(round);
    }
}

const ADD_USER: &[u8] = b"/ip/hotspot/user/add";
const ADD_SCRIPT: &[u8] = b"/system/script/add";
