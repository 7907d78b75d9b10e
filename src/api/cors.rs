//! Which pages of other sites may call the API from a browser: exactly the origins of the settings, and those with the
//! browser's credentials; or any page, without them.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};

/// The pages that may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cors {
    #[default]
    None,
    Any,
    Origins(Vec<HeaderValue>),
}

impl Cors {
    /// Whether a request only asks whether another one may be made.
    pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
        method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// Whether a page of this origin may call.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::Origins(known) => known.contains(origin),
        }
    }

    /// Lets the page read an answer, where it may.
    pub fn mark(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        if matches!(self, Self::Origins(_)) {
            answer.append(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = origin.filter(|origin| self.allows(origin)) else {
            return;
        };
        if *self == Self::Any {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }

    /// What a preflight is told besides.
    pub fn mark_preflight(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        self.mark(origin, answer);
        if origin.is_some_and(|origin| self.allows(origin)) {
            answer.insert(
                ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE"),
            );
            answer.insert(
                ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("X-API-Key, Authorization, Content-Type, Idempotency-Key"),
            );
            answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(cors: &Cors, origin: Option<&'static str>) -> Vec<String> {
        let mut headers = HeaderMap::new();
        cors.mark_preflight(origin.map(HeaderValue::from_static).as_ref(), &mut headers);
        let text = |(name, value): (&http::HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        headers.iter().map(text).collect()
    }

    #[test]
    fn credentials_go_with_exact_origins_only() {
        let exact = Cors::Origins(vec![HeaderValue::from_static("https://portal.example.net")]);
        let known = marked(&exact, Some("https://portal.example.net"));
        assert!(known.contains(&"access-control-allow-origin: https://portal.example.net".to_owned()));
        assert!(known.contains(&"access-control-allow-credentials: true".to_owned()));
        assert!(known.contains(&"access-control-max-age: 600".to_owned()));
        assert!(
            known
                .iter()
                .any(|line| line.contains("X-API-Key") && line.contains("Idempotency-Key"))
        );
        for other in [
            "https://portal.example.net.evil.example",
            "http://portal.example.net",
            "null",
        ] {
            assert_eq!(marked(&exact, Some(other)), ["vary: Origin"], "{other}");
        }
        assert_eq!(marked(&exact, None), ["vary: Origin"]);
        let any = marked(&Cors::Any, Some("https://whoever.example"));
        assert!(any.contains(&"access-control-allow-origin: *".to_owned()));
        assert!(!any.iter().any(|line| line.contains("credentials")), "{any:?}");
        assert!(marked(&Cors::None, Some("https://whoever.example")).is_empty());
    }
}
