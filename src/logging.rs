//! The log: one line per event on standard error, as text for people or JSON for programs.
//!
//! A line has the time in UTC, the level, the message and the event's fields; fields of log records that
//! come over from other crates with build paths in them (`log.*`) are dropped. Whatever a router, a gateway
//! or a buyer put into a value stays on its line: control characters are escaped and long values cut. Fields
//! whose name says that they hold a secret are hidden, as a last net: nobody should log them.
//! There is no rotation: whoever starts the program keeps its output.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::clock::Clock;
pub use crate::config::LogFormat as Format;
use crate::shown::is_invisible_mark;

/// Why logging did not begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("`{filter}` is not a log filter; write `info`, or `warn,mikrelay=debug`")]
    Filter {
        filter: String,
        #[source]
        source: ParseError,
    },
    #[error("the log was set up twice")]
    Twice,
}

/// Logs to standard error from now on. `filter` is a level, or targets with levels: `warn,mikrelay=debug`.
pub fn init(format: Format, filter: &str) -> Result<(), LogError> {
    let subscriber = subscriber(format, filter, std::io::stderr())?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)
}

/// The same with another place to write to.
pub fn subscriber<W>(format: Format, filter: &str, writer: W) -> Result<impl Subscriber + Send + Sync, LogError>
where
    W: Write + Send + 'static,
{
    let targets = Targets::from_str(filter).map_err(|source| LogError::Filter {
        filter: filter.to_owned(),
        source,
    })?;
    let lines = Lines {
        format,
        writer: Mutex::new(writer),
        clock: Clock::System,
    };
    Ok(tracing_subscriber::registry().with(lines.with_filter(targets)))
}

struct Lines<W> {
    format: Format,
    writer: Mutex<W>,
    clock: Clock,
}

impl<S: Subscriber, W: Write + Send + 'static> Layer<S> for Lines<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut entry = Entry::default();
        event.record(&mut entry);
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let line = match self.format {
            Format::Text => entry.text(self.clock.now(), level, target),
            Format::Json => entry.json(self.clock.now(), level, target),
        };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // Where standard error is gone or full there is nobody left to tell; the relay goes on.
        let _ = writer.write_all(line.as_bytes()).and_then(|()| writer.flush());
    }
}

/// What an event says.
#[derive(Default)]
struct Entry {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Entry {
    fn text(&self, now: Timestamp, level: Level, target: &str) -> String {
        let mut line = format!("{now:.3} {level:>5} {}", escaped(&self.message));
        for (name, value) in &self.fields {
            let shown = match value {
                Value::String(text) if is_bare(text) => text.clone(),
                other => escaped(&other.to_string()),
            };
            // Writing to a text cannot fail.
            let _ = write!(line, " {name}={shown}");
        }
        if !target.starts_with(OWN_TARGET) {
            let _ = write!(line, " target={target}");
        }
        line + "\n"
    }

    fn json(&self, now: Timestamp, level: Level, target: &str) -> String {
        let mut object = Map::new();
        for (name, value) in &self.fields {
            object.insert((*name).to_owned(), value.clone());
        }
        // Ours last: no field may pass itself off as the time or the message.
        object.insert("time".to_owned(), format!("{now:.3}").into());
        object.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
        object.insert("target".to_owned(), target.into());
        object.insert("message".to_owned(), self.message.as_str().into());
        escaped(&Value::Object(object).to_string()) + "\n"
    }

    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name();
        if name.starts_with("log.") {
            return;
        }
        if name == "message" {
            self.message = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        } else if SECRET_NAMES.contains(&name) {
            self.fields.push((name, "[hidden]".into()));
        } else {
            self.fields.push((name, value));
        }
    }
}

impl Visit for Entry {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, cut(format!("{value:?}")).into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, cut(value.to_owned()).into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, cut(value.to_string()).into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

/// Escapes what could end a line, move a terminal's cursor or turn the reading direction. In JSON texts the
/// form `\u001b` is JSON's own, so escaping a finished document leaves it one.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_invisible_mark(character) {
            // Writing to a text cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    out
}

/// Whether a value can stand in a line of text without quotes.
fn is_bare(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.:/@+".contains(c))
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(VALUE_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Our own events need no target in a text line.
const OWN_TARGET: &str = "mikrelay";

/// Characters; longer values are somebody else's pages.
const VALUE_MAX: usize = 2_000;

/// Names of fields that hold what nobody may read.
const SECRET_NAMES: [&str; 8] = [
    "api_key",
    "apikey",
    "authorization",
    "code",
    "password",
    "query",
    "secret",
    "token",
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, filter: &str, act: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let subscriber = subscriber(format, filter, buffer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    fn json(line: &str) -> Value {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn a_line_has_time_level_message_and_fields() {
        let text = logged(Format::Text, "info", || {
            tracing::info!(
                order = "7K3M9PQ2RSTVWX",
                took_ms = 12_u64,
                note = "two words",
                "order paid"
            );
        });
        let (time, rest) = text.split_once(' ').unwrap();
        assert!(time.ends_with('Z') && time.parse::<Timestamp>().is_ok(), "{text}");
        assert_eq!(
            rest,
            " INFO order paid order=7K3M9PQ2RSTVWX took_ms=12 note=\"two words\"\n"
        );
        let line = logged(Format::Json, "info", || {
            tracing::warn!(order = "7K", took_ms = -1_i64, ok = true, "paid")
        });
        let value = json(&line);
        assert!(value["time"].as_str().unwrap().parse::<Timestamp>().is_ok());
        for (name, expected) in [
            ("level", Value::from("warn")),
            ("message", "paid".into()),
            ("order", "7K".into()),
        ] {
            assert_eq!(value[name], expected, "{line}");
        }
        assert_eq!(
            (&value["took_ms"], &value["ok"]),
            (&Value::from(-1), &Value::from(true))
        );
    }

    #[test]
    fn the_filter_is_by_target_and_level() {
        let act = || {
            tracing::info!("one");
            tracing::debug!("two");
            tracing::info!(target: "hyper::server", "three");
            tracing::warn!(target: "hyper::server", "four");
        };
        let text = logged(Format::Text, "warn,mikrelay=debug", act);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(
            text.contains("two") && !text.contains("three") && text.contains("four target=hyper::server"),
            "{text}"
        );
        assert!(subscriber(Format::Text, "mikrelay=loudly", std::io::sink()).is_err());
    }

    #[test]
    fn b7_one_event_is_one_line_whatever_it_holds() {
        let hostile = "a\r\nERROR fake\n{\"level\":\"error\"}\u{1b}[2J\u{9b}2J\u{85}\u{2028}\u{202e}\0\"end";
        let act = || {
            tracing::warn!(value = hostile, debug = ?hostile, shown = %hostile, time = "never", "{hostile}");
            tracing::warn!(big = "x".repeat(1 << 20), "cut");
        };
        for format in [Format::Text, Format::Json] {
            let text = logged(format, "info", act);
            assert_eq!(text.matches('\n').count(), 2, "{text}");
            assert!(
                !text
                    .replace('\n', "")
                    .contains(|c: char| c.is_control() || is_invisible_mark(c)),
                "{text}"
            );
            assert!(text.len() < 10_000);
        }
        let text = logged(Format::Json, "info", act);
        let value = json(text.lines().next().unwrap());
        assert_eq!(
            (value["message"].as_str(), value["value"].as_str()),
            (Some(hostile), Some(hostile))
        );
        assert_eq!(value["shown"].as_str(), Some(hostile));
        assert_ne!(value["time"], "never");
    }

    #[test]
    fn i5_fields_named_as_secrets_are_hidden_and_bridged_fields_dropped() {
        for format in [Format::Text, Format::Json] {
            let text = logged(format, "info", || {
                tracing::info!(password = "canary", token = ?"canary", code = 7_101, log.file = "canary", "done");
            });
            assert!(
                !text.contains("canary") && !text.contains("7101") && !text.contains("log.file"),
                "{text}"
            );
            assert_eq!(text.matches("[hidden]").count(), 3, "{text}");
        }
    }
}
