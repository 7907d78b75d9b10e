//! Tests of signing in and out on a real store with a clock set by hand.

use super::*;
use crate::admin::users::{self, UserWish};
use crate::clock::Clock;
use crate::company::{Company, Language};
use crate::ids::CompanyId;
use crate::secrets::MasterKey;
use crate::store::AuditFilter;
use crate::user::Role;

const EMAIL: &str = "gerente@example.com";
const PASSWORD: &str = "lluvia en el patio";
const DAY: SignedDuration = SignedDuration::from_hours(24);

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    clock: Clock,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2030-01-01T09:00:00Z".parse().unwrap());
        let store = Store::open(&folder.path().join("mikrelay.db"), MasterKey::generate(), clock.clone()).unwrap();
        let company = Company {
            id: CompanyId::new("plaza"),
            name: "WiFi Plaza".to_owned(),
            country: "MX".to_owned(),
            language: Language::Es,
            timezone: "America/Mexico_City".to_owned(),
            notify_email: None,
            card: Default::default(),
        };
        let put = move |db: &crate::store::Db<'_>| {
            db.put_company(&company)?;
            db.bump_directory_version()
        };
        store.write(put).await.unwrap();
        store.refresh_directory().await.unwrap();
        let wish = UserWish {
            role: Role::ClienteAdmin {
                company: CompanyId::new("plaza"),
            },
            email: EMAIL.to_owned(),
            name: "Gerente".to_owned(),
            password: PASSWORD.into(),
        };
        users::add(&store, Actor::command("test"), wish).await.unwrap();
        Self {
            _folder: folder,
            store,
            clock,
        }
    }

    async fn log_in(&self, email: &str, password: &str) -> Result<Begun, LoginError> {
        log_in(&self.store, self.clock.now(), email, password.into(), DAY).await
    }

    async fn shown(&self, token: &SecretString) -> Shown {
        shown(&self.store, self.clock.now(), token.clone()).await.unwrap()
    }

    async fn session(&self, token: &SecretString) -> Session {
        match self.shown(token).await {
            Shown::Valid(session) => *session,
            other => panic!("{other:?}"),
        }
    }

    async fn close_account(&self, email: &'static str, is_active: bool) {
        let close = move |db: &crate::store::Db<'_>| {
            let (user, _) = db.user_by_email(email)?.unwrap();
            users::set_active(db, &Actor::command("test"), user.id, is_active)
        };
        crate::admin::change(&self.store, close).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_lives_a_day_or_until_it_is_ended() {
    let house = House::new().await;
    let begun = house.log_in("Gerente@Example.com", PASSWORD).await.unwrap();
    assert_eq!(begun.user.last_login_at, None, "as he was before");
    let session = house.session(&begun.token).await;
    assert_eq!(session.user.email, EMAIL);
    assert_eq!(session.user.last_login_at, Some(house.clock.now()));
    assert_eq!(session.expires_at, begun.expires_at);

    let other = house.log_in(EMAIL, PASSWORD).await.unwrap();
    log_out(&house.store, &Actor::command("logout"), session).await.unwrap();
    assert_eq!(house.shown(&begun.token).await, Shown::Unknown, "logout ends a session");
    assert!(
        matches!(house.shown(&other.token).await, Shown::Valid(_)),
        "and no other"
    );

    house.clock.advance_ms(24 * 3600 * 1000);
    assert_eq!(house.shown(&other.token).await, Shown::Expired);
    for text in [
        "",
        "ms_",
        "ms_abc",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        &"ms_".repeat(100_000),
    ] {
        assert_eq!(house.shown(&text.into()).await, Shown::Unknown);
    }
}

#[tokio::test]
async fn s12_a_closed_account_is_told_to_nobody_without_its_password() {
    let house = House::new().await;
    let begun = house.log_in(EMAIL, PASSWORD).await.unwrap();
    house.close_account(EMAIL, false).await;
    for (email, password) in [
        (EMAIL, "lluvia en el pati"),
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
        (EMAIL, ""),
        (EMAIL, &"x".repeat(5000)),
    ] {
        let refused = house.log_in(email, password).await.unwrap_err();
        assert!(matches!(refused, LoginError::Wrong), "{email}: {refused:?}");
    }
    let refused = house.log_in(EMAIL, PASSWORD).await.unwrap_err();
    assert!(matches!(refused, LoginError::Inactive), "{refused:?}");
    assert_eq!(house.shown(&begun.token).await, Shown::Inactive);
    // Opening the account again does not bring the old session back.
    house.close_account(EMAIL, true).await;
    assert_eq!(house.shown(&begun.token).await, Shown::Unknown);
}

#[tokio::test]
async fn s12_a_new_password_ends_the_other_sessions() {
    let house = House::new().await;
    let (stolen, own) = (
        house.log_in(EMAIL, PASSWORD).await.unwrap(),
        house.log_in(EMAIL, PASSWORD).await.unwrap(),
    );
    let session = house.session(&own.token).await;
    let actor = Actor::user(&session.user, "change-password");
    let change = |current: &'static str, new: &'static str| {
        change_password(&house.store, &actor, session.clone(), current.into(), new.into())
    };
    assert!(matches!(
        change("wrong", "sol en el patio").await,
        Err(ChangeError::Wrong)
    ));
    assert!(matches!(
        change(PASSWORD, "1234567890").await,
        Err(ChangeError::Policy(PasswordFault::Common))
    ));
    assert!(matches!(house.shown(&stolen.token).await, Shown::Valid(_)));
    change(PASSWORD, "sol en el patio").await.unwrap();
    assert_eq!(house.shown(&stolen.token).await, Shown::Unknown);
    assert!(matches!(house.shown(&own.token).await, Shown::Valid(_)));
    assert!(matches!(house.log_in(EMAIL, PASSWORD).await, Err(LoginError::Wrong)));
    house.log_in(EMAIL, "sol en el patio").await.unwrap();

    let filter = AuditFilter {
        company: Some(CompanyId::new("plaza")),
        limit: 100,
    };
    let lines = house.store.read(move |db| db.audits(&filter)).await.unwrap();
    let acts: Vec<_> = lines.iter().rev().map(|audit| audit.line.act.as_str()).collect();
    assert_eq!(acts, ["test", "login", "login", "change-password", "login"]);
    assert!(!format!("{lines:?}").contains("patio"), "{lines:?}");
}

#[tokio::test]
async fn nobody_keeps_more_sessions_than_devices() {
    let house = House::new().await;
    let first = house.log_in(EMAIL, PASSWORD).await.unwrap();
    let user = first.user.clone();
    let many = move |db: &crate::store::Db<'_>| {
        for at in 0..20 {
            db.add_session(
                &user,
                &format!("ms_{at}").into(),
                "2031-01-01T00:00:00Z".parse().unwrap(),
            )?;
        }
        Ok(())
    };
    house.store.write(many).await.unwrap();
    assert_eq!(house.shown(&first.token).await, Shown::Unknown);
    assert!(matches!(house.shown(&"ms_0".into()).await, Shown::Valid(_)));
}

/// Only the work is compared, and coarsely: an unknown address must not answer at once.
#[tokio::test]
async fn s12_an_unknown_address_costs_the_same_work() {
    let house = House::new().await;
    house.log_in(EMAIL, PASSWORD).await.unwrap();
    let mut fastest = [std::time::Duration::MAX; 2];
    for _ in 0..5 {
        for (at, email) in [EMAIL, "nobody@example.com"].into_iter().enumerate() {
            let begun = std::time::Instant::now();
            house.log_in(email, "no es la clave").await.unwrap_err();
            fastest[at] = fastest[at].min(begun.elapsed());
        }
    }
    let [wrong, unknown] = fastest;
    assert!(unknown * 2 > wrong, "wrong {wrong:?}, unknown {unknown:?}");
}
