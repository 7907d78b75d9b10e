//! The time, as something a test can set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Where the relay reads the time. Clones of a manual clock share its hands.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Milliseconds since 1970, moved by tests only.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Manual(hands) => {
                Timestamp::from_millisecond(hands.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// Moves a manual clock on; the system's clock is left alone.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Self::Manual(hands) = self {
            hands.fetch_add(by_ms, Ordering::SeqCst);
        }
    }
}
