//! The pictures of companies, as their own bytes said what they are: never as a page, never as a script.

use http::StatusCode;
use hyper::body::Bytes;

use super::reply::{self, Answer, RequestError};
use crate::admin::logo::Format;
use crate::payment::Relay;

/// The picture of this name. Another picture has another name, so it may be kept for ever.
pub(super) async fn answer(relay: &Relay, name: &str) -> Result<Answer, RequestError> {
    let name = name.to_owned();
    let found = match relay.store().read(move |db| db.logo(&name)).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!("a logo cannot be read: {error}");
            return Ok(reply::plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "try again in a moment\n".to_owned(),
                Some(RETRY_S),
            ));
        }
    };
    let picture = found.and_then(|(format, image)| Some((Format::from_extension(&format)?, image)));
    let (format, image) = picture.ok_or(RequestError::NoPage)?;
    Ok(reply::picture(Bytes::from(image), format.content_type()))
}

const RETRY_S: u32 = 3;
