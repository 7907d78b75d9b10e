//! What has to be set up around the relay, ready to be used: the router's script, the hotspot's login page, and what to type
//! into the gateways' dashboards. All of it is text made from the business records; nothing here talks to anybody.

mod console;
mod gateways;
mod login;
mod offer;
mod render;
mod script;
mod walled_garden;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

pub use gateways::gateways_page;
pub use login::{Look, login_page};
pub use offer::{HotspotOffer, Offer};
pub use script::{RouterScript, removal_script, router_script};
pub use walled_garden::{HostError, walled_garden_hosts, walled_garden_script};

/// What is written as `%XX` in a step of a path: all but the unreserved characters of RFC 3986.
const STEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
