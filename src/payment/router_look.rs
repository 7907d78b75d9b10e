//! What an operator or a portal wants to know of a router now. Nothing here changes one.

use std::time::Duration;

use super::Relay;
use super::reconnect::{Trouble, on_router};
use crate::company::Router;
use crate::ids::RouterId;
pub use crate::routeros::UserProfile;

/// What a router said at a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterTest {
    pub identity: String,
    pub profiles: Vec<UserProfile>,
}

/// The host and port of a router's API, whether or not its record names the port. `None` if it is no address.
pub fn endpoint(router: &Router) -> Option<(String, u16)> {
    crate::routeros::endpoint(&router.address, &router.tls)
}

/// Whether the router answers, on the session that sales use.
pub(super) async fn answers(relay: &Relay, router: &RouterId) -> Result<(), Trouble> {
    on_router(relay, router, TEST_DEADLINE, async |_, loan| {
        loan.session()?.identity().await?;
        Ok(())
    })
    .await
}

/// The user profiles.
pub(super) async fn profiles(relay: &Relay, router: &RouterId) -> Result<Vec<UserProfile>, Trouble> {
    on_router(relay, router, READ_DEADLINE, async |_, loan| {
        Ok(loan.session()?.user_profiles(None).await?)
    })
    .await
}

/// Connects, logs in and reads. On a connection of its own: it waits for no job, none waits for it, and what it finds
/// is true of the settings as they are now.
pub(super) async fn test(relay: &Relay, router: &RouterId) -> Result<RouterTest, Trouble> {
    let directory = relay.store().directory();
    let router = directory.routers.get(router).ok_or(Trouble::NoRouter)?;
    let credentials = router.credentials.as_ref().ok_or(Trouble::NoRouter)?;
    let asked = async {
        let mut session = relay.0.routers.open_apart(router, credentials, TEST_DEADLINE).await?;
        let identity = session.identity().await?;
        let profiles = session.user_profiles(None).await?;
        session.close().await;
        Ok(RouterTest { identity, profiles })
    };
    tokio::time::timeout(TEST_DEADLINE, asked)
        .await
        .unwrap_or(Err(Trouble::Late))
}

/// Somebody looks at a button (facts: `pagos-hotspot-api.md` 6.1, 8.2).
const TEST_DEADLINE: Duration = Duration::from_secs(5);

/// A list of profiles is one command, behind whatever job the router has.
const READ_DEADLINE: Duration = Duration::from_secs(15);
