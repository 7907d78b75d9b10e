//! Whether the process lives, and whether it can do its work: for supervisors and load balancers.

use super::App;

/// The status of `/health/ready` and one line that says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// No webhook can be stored, so none would be answered with success.
    StoreDown,
    /// The same until there is room on the disk again.
    DiskFull,
}

impl Readiness {
    pub fn of(app: &App) -> Self {
        let store = app.relay.store();
        match (store.healthy(), store.has_room()) {
            (true, true) => Self::Ready,
            (true, false) => Self::DiskFull,
            (false, _) => Self::StoreDown,
        }
    }

    pub fn sentence(self) -> &'static str {
        match self {
            Self::Ready => "ready\n",
            Self::DiskFull => "not ready: the disk is full\n",
            Self::StoreDown => "not ready: the store takes no writes; see the log\n",
        }
    }
}
