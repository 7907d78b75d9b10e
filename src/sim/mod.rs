//! Simulators on loopback, for `mikrelay demo` and the tests. They know nothing of the payment core or the
//! store, and no production code depends on them.

pub mod gateways;
pub mod http;
pub mod mailbox;
pub mod portal;
pub mod router;
pub mod telegram;
