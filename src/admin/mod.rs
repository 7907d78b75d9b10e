//! Who may administrate, and what they change: users and their sessions, and the business records that the
//! administration API edits. Every change is one write together with its line in the audit log and, where business
//! records changed, the directory's new version.
//!
//! It deliberately asks no router and no gateway, and knows nothing of HTTP.

pub mod password;
pub mod sessions;
pub mod users;
