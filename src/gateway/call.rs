//! HTTP calls as data, and conversations of several calls without doing any.

use bytes::Bytes;
use http::{Method, StatusCode};
use secrecy::SecretString;

use super::GatewayError;

/// One call to make. `Debug` shows neither the bearer nor the body.
pub struct Call {
    pub method: Method,
    pub url: String,
    /// Sent as `Authorization: Bearer …`.
    pub bearer: Option<SecretString>,
    /// Further headers, names in lower case; `accept` replaces the usual one.
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

pub enum Body {
    Empty,
    Json(serde_json::Value),
    /// JSON the adapter wrote itself, where a number keeps the digits it was written with.
    Written(Box<serde_json::value::RawValue>),
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// `Retry-After`, where it is a number of seconds.
    pub retry_after_s: Option<u32>,
    pub body: Bytes,
}

/// A conversation: either one more call and what to do with its answer, or the result.
pub enum Dialogue<T> {
    Call(Call, Box<dyn FnOnce(Answer) -> Dialogue<T> + Send>),
    Done(Result<T, GatewayError>),
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url.split('?').next().unwrap_or_default())
    }
}

impl<T> Dialogue<T> {
    pub fn call(call: Call, read: impl FnOnce(Answer) -> Self + Send + 'static) -> Self {
        Self::Call(call, Box::new(read))
    }

    /// Goes on with what came of this conversation, be it a failure; one whose call got no answer ends there.
    pub fn then<U: 'static>(
        self,
        next: impl FnOnce(Result<T, GatewayError>) -> Dialogue<U> + Send + 'static,
    ) -> Dialogue<U>
    where
        T: 'static,
    {
        match self {
            Self::Done(result) => next(result),
            Self::Call(call, read) => Dialogue::call(call, move |answer| read(answer).then(next)),
        }
    }
}

#[cfg(test)]
pub mod script {
    //! Plays a conversation against answers written down beforehand.

    use super::*;

    /// Each call as `METHOD url body`, and the result. Fails when there are more calls than answers.
    pub fn play<T>(mut dialogue: Dialogue<T>, answers: &[(u16, &str)]) -> (Vec<String>, Result<T, GatewayError>) {
        let mut calls = Vec::new();
        loop {
            match dialogue {
                Dialogue::Done(result) => {
                    assert_eq!(calls.len(), answers.len(), "answers are left over after {calls:?}");
                    return (calls, result);
                }
                Dialogue::Call(call, read) => {
                    let (status, body) = answers
                        .get(calls.len())
                        .unwrap_or_else(|| panic!("no answer for {call:?}"));
                    let sent = match &call.body {
                        Body::Empty => String::new(),
                        Body::Json(value) => value.to_string(),
                        Body::Written(raw) => raw.get().to_owned(),
                    };
                    calls.push(format!("{} {} {sent}", call.method, call.url).trim_end().to_owned());
                    let status = StatusCode::from_u16(*status).unwrap();
                    dialogue = read(Answer {
                        status,
                        retry_after_s: None,
                        body: (*body).to_owned().into(),
                    });
                }
            }
        }
    }
}
