//! A small HTTP/1 server and caller for the simulators, on loopback only.
//!
//! Promises: every request body is read whole and bounded before the handler sees it, the handler decides
//! the answer or that there is none, and dropping what `serve` returned closes all its connections.
//! Deliberately does not do: TLS, HTTP/2, streaming, keep-alive tuning, or anything a production server needs.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION};
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// One request, read whole.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// As on the request line, not decoded.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// The non-empty path segments, not decoded.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// A header's value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first value of a query parameter.
    pub fn query_value(&self, name: &str) -> Option<String> {
        form_value(self.query.as_bytes(), name)
    }

    /// The first value of a field of a urlencoded body.
    pub fn form_value(&self, name: &str) -> Option<String> {
        form_value(&self.body, name)
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    hangs_up: bool,
}

impl Reply {
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Self {
            status,
            headers,
            body: body.into(),
            hangs_up: false,
        }
    }

    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", value.to_string())
    }

    pub fn html(status: StatusCode, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
    }

    pub fn text(status: StatusCode, line: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", line.to_owned())
    }

    /// `303 See Other`: the browser goes on with GET.
    pub fn see_other(target: &str) -> Self {
        match HeaderValue::from_str(target) {
            Ok(target) => {
                let mut reply = Self::text(StatusCode::SEE_OTHER, "");
                reply.headers.insert(LOCATION, target);
                reply
            }
            Err(_) => Self::text(
                StatusCode::BAD_REQUEST,
                "the address to return to is not a header value",
            ),
        }
    }

    /// Closes the connection without an answer.
    pub fn hang_up() -> Self {
        Self {
            hangs_up: true,
            ..Self::text(StatusCode::NO_CONTENT, "")
        }
    }
}

/// Answers requests until it is dropped; then its connections are closed as well.
pub async fn serve<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, handler.clone()));
                }
                // Descriptors may be short for a moment; spinning on the error would not free them.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A server on a free loopback port that stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port of 127.0.0.1, or on `port` if it is not zero.
    pub async fn start<H, F>(port: u16, handler: H) -> std::io::Result<Self>
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Self::on(TcpListener::bind(("127.0.0.1", port)).await?, handler)
    }

    /// Serves on a listener whose address had to be known first.
    pub fn on<H, F>(listener: TcpListener, handler: H) -> std::io::Result<Self>
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let address = listener.local_addr()?;
        Ok(Self {
            address,
            task: tokio::spawn(serve(listener, handler)),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("`{0}` is not a plain http address")]
    Address(String),
    #[error("a header of the call is not valid: {0}")]
    Header(#[from] http::Error),
    #[error("connecting failed: {0}")]
    Connect(#[from] std::io::Error),
    #[error("the conversation failed: {0}")]
    Http(#[from] hyper::Error),
    #[error("the answer is too long or broke off")]
    Body,
    #[error("no answer within {} s", CALL_DEADLINE.as_secs())]
    Deadline,
}

/// Makes one call over plain HTTP, following nothing, and reads the answer whole.
pub async fn call(
    method: Method,
    url: &str,
    headers: &[(String, String)],
    body: impl Into<Bytes>,
) -> Result<Reply, CallError> {
    let body = body.into();
    tokio::time::timeout(CALL_DEADLINE, call_now(method, url, headers, body))
        .await
        .map_err(|_| CallError::Deadline)?
}

async fn call_now(method: Method, url: &str, headers: &[(String, String)], body: Bytes) -> Result<Reply, CallError> {
    let bad = || CallError::Address(url.split('?').next().unwrap_or_default().to_owned());
    let uri: Uri = url.parse().map_err(|_| bad())?;
    let authority = uri
        .authority()
        .filter(|_| uri.scheme_str() == Some("http"))
        .ok_or_else(bad)?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Aborted on drop, so that a call that is given up leaves nothing behind.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut request = http::Request::builder()
        .method(method)
        .uri(target)
        .header(HOST, authority.as_str());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = sender.send_request(request.body(Full::new(body))?).await?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES)
        .collect()
        .await
        .map_err(|_| CallError::Body)?
        .to_bytes();
    Ok(Reply {
        status: head.status,
        headers: head.headers,
        body,
        hangs_up: false,
    })
}

async fn converse<H, F>(stream: TcpStream, handler: H)
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let service = service_fn(move |request| answer(request, handler.clone()));
    // A peer that hangs up in the middle is his own affair; a simulator has nobody to tell.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// An error closes the connection without an answer.
async fn answer<H, F>(
    request: http::Request<hyper::body::Incoming>,
    handler: H,
) -> Result<http::Response<Full<Bytes>>, HungUp>
where
    H: Fn(Request) -> F,
    F: Future<Output = Reply>,
{
    let (head, body) = request.into_parts();
    let reply = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => {
            let request = Request {
                method: head.method,
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                headers: head.headers,
                body: body.to_bytes(),
            };
            handler(request).await
        }
        Err(_) => Reply::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
    };
    if reply.hangs_up {
        return Err(HungUp);
    }
    let mut response = http::Response::new(Full::new(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    Ok(response)
}

#[derive(Debug, thiserror::Error)]
#[error("the simulator hung up on purpose")]
struct HungUp;

fn form_value(form: &[u8], name: &str) -> Option<String> {
    url::form_urlencoded::parse(form)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// More than any gateway or browser sends to a simulator.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Long enough for a relay under load, short enough that a test ends.
const CALL_DEADLINE: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_reaches_the_handler_and_its_answer_comes_back() {
        let server = Server::start(0, |request: Request| async move {
            let line = format!("{} {} {:?}", request.method, request.path, request.query_value("a"));
            match request.form_value("b") {
                Some(b) => Reply::text(StatusCode::OK, &format!("{line} {b}")),
                None => Reply::see_other("/next"),
            }
        })
        .await
        .unwrap();
        let url = format!("{}/x/y?a=1%202", server.base_url());
        let reply = call(Method::POST, &url, &[], "b=c+d").await.unwrap();
        assert_eq!(
            (reply.status, &reply.body[..]),
            (StatusCode::OK, &b"POST /x/y Some(\"1 2\") c d"[..])
        );
        let reply = call(Method::GET, &url, &[], "").await.unwrap();
        assert_eq!(
            (reply.status, reply.headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/next")
        );
    }

    #[tokio::test]
    async fn hanging_up_is_an_error_and_a_dropped_server_refuses() {
        let server = Server::start(0, |_| async { Reply::hang_up() }).await.unwrap();
        let url = server.base_url();
        assert!(matches!(
            call(Method::GET, &url, &[], "").await,
            Err(CallError::Http(_))
        ));
        server.task.abort();
        let mut server = server;
        let _ = (&mut server.task).await;
        assert!(matches!(
            call(Method::GET, &url, &[], "").await,
            Err(CallError::Connect(_))
        ));
    }

    #[tokio::test]
    async fn only_plain_http_addresses_are_called() {
        for url in ["https://127.0.0.1/", "ftp://x", "nonsense", ""] {
            assert!(
                matches!(call(Method::GET, url, &[], "").await, Err(CallError::Address(_))),
                "{url}"
            );
        }
    }
}
