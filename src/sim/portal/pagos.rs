//! The portal page of `examples/portal` on the simulated hotspot: the very files, a `config.js` for this machine, and
//! the redirect by which a router tells its portal the phone's MAC and address.

use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::Phone;
use crate::packed::packed;
use crate::sim::http::{Reply, Request};
use crate::sorted::gathered;

/// What the page needs to know of its place.
#[derive(Clone, Debug)]
pub struct PagosPage {
    /// A router's key.
    pub key: String,
    /// The gateways' scripts by name, in the place of the real ones.
    pub scripts: Vec<(&'static str, String)>,
}

/// Where a page is asked for.
pub(super) struct Here<'a> {
    pub relay_url: &'a str,
    /// `host:port` of this portal.
    pub host: &'a str,
    pub phone: &'a Phone,
}

/// `None`: it is none of these files.
pub(super) fn answer(page: &PagosPage, here: &Here<'_>, request: &Request) -> Option<Reply> {
    let segments = request.segments();
    let (&Method::GET, Some((&"pagos", file))) = (&request.method, segments.split_first()) else {
        return None;
    };
    Some(match file {
        [] if request.path.ends_with('/') && request.query_value("mac").is_some() => {
            file_reply("text/html; charset=utf-8", packed!("examples/portal/index.html"))
        }
        [] => Reply::see_other(&entrance(here)),
        ["config.js"] => file_reply(JAVASCRIPT, config(page, here)),
        ["portal.js"] => file_reply(JAVASCRIPT, packed!("examples/portal/portal.js")),
        ["texts.js"] => file_reply(JAVASCRIPT, packed!("examples/portal/texts.js")),
        ["cards.js"] => file_reply(JAVASCRIPT, packed!("examples/portal/cards.js")),
        ["portal.css"] => file_reply("text/css; charset=utf-8", packed!("examples/portal/portal.css")),
        _ => return None,
    })
}

/// What `login.html` fills in on a router.
fn entrance(here: &Here<'_>) -> String {
    let quoted = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!(
        "/pagos/?mac={}&ip={}&login={}&dst={}",
        quoted(&here.phone.mac),
        quoted(&here.phone.ip),
        quoted(&format!("http://{}/login", here.host)),
        quoted(&format!("http://{}/status", here.host)),
    )
}

fn config(page: &PagosPage, here: &Here<'_>) -> String {
    let scripts = page
        .scripts
        .iter()
        .map(|(gateway, url)| ((*gateway).to_owned(), json!(url)));
    let scripts: serde_json::Map<_, _> = gathered(scripts);
    let config = json!({
        "api": here.relay_url,
        "key": page.key,
        "recover": format!("{}/retrieve-mikhmon-code", here.relay_url),
        "hotspot": here.host,
        "scripts": scripts,
    });
    format!("window.PORTAL = {config};\n")
}

fn file_reply(content_type: &'static str, text: impl Into<bytes::Bytes>) -> Reply {
    Reply::new(StatusCode::OK, content_type, text)
}

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
