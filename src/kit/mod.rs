//! What has to be set up on a router, as scripts an operator pastes into its terminal.

mod walled_garden;

pub use walled_garden::{HostError, walled_garden_hosts, walled_garden_script};
