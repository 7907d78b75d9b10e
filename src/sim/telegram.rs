//! A simulated Bot API of Telegram: takes `sendMessage`, keeps what was said, and refuses as the real one does
//! (core.telegram.org/bots/api): unknown bots, chats nobody opened, HTML that cannot be read, too many messages.
//! It does not imitate anything else of Telegram: no updates, no media, no other method.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::http::{Reply, Request, Server};

/// What was said in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub token: String,
    pub chat_id: String,
    /// As sent, with its tags.
    pub html: String,
}

impl Said {
    /// The text as the chat shows it, without its tags.
    pub fn plain(&self) -> String {
        let mut plain = String::new();
        for (index, piece) in self.html.split('<').enumerate() {
            let text = piece
                .split_once('>')
                .filter(|_| index > 0)
                .map_or(piece, |(_, text)| text);
            plain.push_str(text);
        }
        let entities = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&amp;", "&"),
        ];
        entities
            .iter()
            .fold(plain, |plain, (entity, text)| plain.replace(entity, text))
    }
}

/// How it answers until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    /// 429 with so many seconds.
    Busy(u32),
    /// 401: no such bot.
    UnknownBot,
    /// 403: the bot was thrown out of the chat.
    ThrownOut,
    /// 502.
    Broken,
    /// Hangs up without an answer.
    Gone,
}

/// What was said, oldest first.
pub type Chat = Arc<dyn Fn() -> Vec<Said> + Send + Sync>;

/// The server; it stops when it is dropped.
pub struct SimTelegram {
    server: Server,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    said: Vec<Said>,
    mood: Mood,
    calls: usize,
}

impl SimTelegram {
    /// Listens on a free port of 127.0.0.1, or on `port` if it is not zero.
    pub async fn start(port: u16) -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = Server::start(port, move |request| {
            let reply = answer(&mut lock(&shared), &request);
            async move { reply }
        })
        .await?;
        Ok(Self { server, state })
    }

    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// What it took, oldest first.
    pub fn said(&self) -> Vec<Said> {
        lock(&self.state).said.clone()
    }

    /// How often it was called, refusals included.
    pub fn calls(&self) -> usize {
        lock(&self.state).calls
    }

    pub fn set_mood(&self, mood: Mood) {
        lock(&self.state).mood = mood;
    }

    /// Reads what was said, for pages that outlive a borrow of this.
    pub fn reader(&self) -> Chat {
        let state = Arc::clone(&self.state);
        Arc::new(move || lock(&state).said.clone())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(state: &mut State, request: &Request) -> Reply {
    state.calls += 1;
    match state.mood {
        Mood::Well => take(state, request),
        Mood::Busy(seconds) => {
            let words = format!("Too Many Requests: retry after {seconds}");
            let mut body = refusal(StatusCode::TOO_MANY_REQUESTS, &words);
            body["parameters"] = json!({"retry_after": seconds});
            Reply::json(StatusCode::TOO_MANY_REQUESTS, &body)
        }
        Mood::UnknownBot => refuse(StatusCode::UNAUTHORIZED, "Unauthorized"),
        Mood::ThrownOut => refuse(StatusCode::FORBIDDEN, "Forbidden: bot was kicked from the group chat"),
        Mood::Broken => Reply::text(StatusCode::BAD_GATEWAY, "Bad Gateway"),
        Mood::Gone => Reply::hang_up(),
    }
}

fn take(state: &mut State, request: &Request) -> Reply {
    let token = match request.segments().as_slice() {
        [bot, "sendMessage"] if request.method == Method::POST => bot.strip_prefix("bot").map(str::to_owned),
        _ => None,
    };
    let Some(token) = token.filter(|token| token.contains(':')) else {
        return refuse(StatusCode::NOT_FOUND, "Not Found");
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let chat_id = match &body["chat_id"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    if chat_id.is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "Bad Request: chat_id is empty");
    }
    let html = body["text"].as_str().unwrap_or_default();
    if html.trim().is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "Bad Request: message text is empty");
    }
    if html.chars().count() > TEXT_MAX {
        return refuse(StatusCode::BAD_REQUEST, "Bad Request: message is too long");
    }
    if body["parse_mode"] == "HTML" && !is_readable(html) {
        return refuse(StatusCode::BAD_REQUEST, "Bad Request: can't parse entities");
    }
    state.said.push(Said {
        token,
        chat_id,
        html: html.to_owned(),
    });
    let excess = state.said.len().saturating_sub(MOST_SAID);
    state.said.drain(..excess);
    let id = state.said.len();
    Reply::json(StatusCode::OK, &json!({"ok": true, "result": {"message_id": id}}))
}

/// Whether the text is Telegram's HTML: only the plain tags, each closed, and `&` only as an entity.
fn is_readable(html: &str) -> bool {
    let mut open = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let Some((found, end)) = rest.get(at..).and_then(|found| {
            let close = if found.starts_with('<') { '>' } else { ';' };
            Some((found, found.find(close)?))
        }) else {
            return false;
        };
        let name = found.get(1..end).unwrap_or_default();
        let fits = if found.starts_with('&') {
            matches!(name, "lt" | "gt" | "amp" | "quot")
                || name.strip_prefix('#').is_some_and(|code| code.parse::<u32>().is_ok())
        } else if let Some(name) = name.strip_prefix('/') {
            open.pop() == Some(name)
        } else {
            open.push(name);
            matches!(name, "b" | "i" | "u" | "s" | "code" | "pre")
        };
        if !fits {
            return false;
        }
        rest = found.get(end + 1..).unwrap_or_default();
    }
    open.is_empty()
}

fn refuse(status: StatusCode, words: &str) -> Reply {
    Reply::json(status, &refusal(status, words))
}

fn refusal(status: StatusCode, words: &str) -> Value {
    json!({"ok": false, "error_code": status.as_u16(), "description": words})
}

/// The real one's limit.
const TEXT_MAX: usize = 4096;
/// A demo that runs for days keeps the latest.
const MOST_SAID: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_shows_texts_without_tags() {
        let said = Said {
            token: "1:a".to_owned(),
            chat_id: "1".to_owned(),
            html: "<b>WiFi &lt;Plaza&gt;</b>\n\nCliente: Rosa &amp;lt;".to_owned(),
        };
        assert_eq!(said.plain(), "WiFi <Plaza>\n\nCliente: Rosa &lt;");
    }

    #[test]
    fn html_is_read_as_strictly_as_by_the_real_one() {
        for html in ["a", "<b>a</b> b", "&lt;x&gt; &amp; &quot;&#39;", "<b><i>a</i></b>"] {
            assert!(is_readable(html), "{html}");
        }
        for html in [
            "<",
            "a <b",
            "<b>a",
            "a</b>",
            "<p>a</p>",
            "&",
            "&nbsp;",
            "<b><i>a</b></i>",
            "Rosa <3",
        ] {
            assert!(!is_readable(html), "{html}");
        }
    }
}
