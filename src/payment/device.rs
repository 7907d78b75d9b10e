//! Logs a device in through the router's API and sees to it that it is this user on this device who is online: a session
//! of somebody else at the same address proves nothing. Facts: `routeros.md` 4, `pagos-hotspot-api.md` 8.2.

use std::time::Duration;

use crate::routeros::{Active, Host, RouterError, Session, Trap, TrapKind, normal_mac};

/// What a link or a portal says of the phone. Both come from a browser; the router compares them with its host table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Device<'a> {
    pub mac: Option<&'a str>,
    pub ip: Option<&'a str>,
}

impl Device<'_> {
    /// By its MAC, or where that is not known by its address.
    fn has(&self, active: &Active) -> bool {
        match (self.mac, self.ip) {
            (Some(mac), _) => normal_mac(mac).is_some_and(|mac| normal_mac(&active.mac) == Some(mac)),
            (None, Some(ip)) => active.address == ip.trim(),
            (None, None) => false,
        }
    }
}

/// The user's session on this device.
pub(super) async fn session_of(
    session: &mut Session,
    user: &str,
    device: &Device<'_>,
) -> Result<Option<Active>, RouterError> {
    let sessions = session.active_of(user).await?;
    Ok(sessions.into_iter().find(|active| device.has(active)))
}

/// Logs the device in at the address it is said to have; if the router has another one for its MAC, once more there.
/// `None` if the router took the login and shows no session.
pub(super) async fn log_in(
    session: &mut Session,
    user: &str,
    password: &str,
    device: &Device<'_>,
) -> Result<Option<Active>, RouterError> {
    // A repeated job finds its earlier success.
    if let Some(active) = session_of(session, user, device).await? {
        return Ok(Some(active));
    }
    let first = match device.ip {
        Some(ip) => session.log_in(user, password, ip, device.mac).await,
        None => Err(no_address()),
    };
    match (first, device.mac) {
        (Err(RouterError::Trap(trap)), Some(mac))
            if matches!(trap.kind, TrapKind::UnknownHost | TrapKind::WrongMac) =>
        {
            let Some(host) = session.host_by_mac(mac).await? else {
                return Err(RouterError::Trap(trap));
            };
            log_in_at(session, user, password, &host).await?;
        }
        (result, _) => result?,
    }
    seen(session, user, device).await
}

/// Logs in at either address the router has for a device.
pub(super) async fn log_in_at(
    session: &mut Session,
    user: &str,
    password: &str,
    host: &Host,
) -> Result<(), RouterError> {
    let first = session.log_in(user, password, &host.address, Some(&host.mac)).await;
    match first {
        Err(RouterError::Trap(trap))
            if trap.kind == TrapKind::UnknownHost && !host.to_address.is_empty() && host.to_address != host.address =>
        {
            session.log_in(user, password, &host.to_address, Some(&host.mac)).await
        }
        other => other,
    }
}

/// Waits for the session to show; on most routers it is there at once.
pub(super) async fn seen(
    session: &mut Session,
    user: &str,
    device: &Device<'_>,
) -> Result<Option<Active>, RouterError> {
    for pause in PAUSES {
        if let Some(active) = session_of(session, user, device).await? {
            return Ok(Some(active));
        }
        tokio::time::sleep(pause).await;
    }
    session_of(session, user, device).await
}

fn no_address() -> RouterError {
    RouterError::Trap(Trap::local(TrapKind::UnknownHost, "the link named no address"))
}

/// Between two looks; three seconds in all, what a busy board was seen to need.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_500),
];
