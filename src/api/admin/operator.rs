//! The operator's view of companies (facts: pagos-hotspot-api 6.4).

use secrecy::{ExposeSecret, SecretString};

use super::super::input::{Nothing, input};
use super::super::kinds::Sent;
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::shape::{Moment, answer};
use super::credentials::AccountMode;
use super::{change, company, wanted};
use crate::admin::accounts::{self, AccountChange, mode_word};
use crate::admin::companies::{self, CompanyChange, CompanyWish};
use crate::admin::routers;
use crate::company::{Company, Directory, GatewayName, Mode};
use crate::ids::CompanyId;
use crate::sorted::Arrange;

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/admin/empresas", Auth::Super, Pace::Console, "Companies", "Make a company",
        NewCompany => add, -> 200 CompanyCard: "The company"
    },
    operation! {
        get "/admin/empresas", Auth::Super, Pace::Console, "Companies", "List all companies",
        Nothing => list, -> 200 Vec<CompanyCard>: "All of them, oldest first"
    },
    operation! {
        put "/admin/empresas/{empresa_id}", Auth::Super, Pace::Console, "Companies",
        "Change a company, or close and open it",
        ChangedCompany => update, -> 200 CompanyCard: "The company as it is now",
        fails [404 "There is no such company"]
    },
    operation! {
        get "/admin/dashboard", Auth::Super, Pace::Console, "Companies", "Count companies and users",
        Nothing => dashboard, -> 200 OperatorDashboard: "The counts"
    },
    operation! {
        get "/admin/empresas/{empresa_id}/stats", Auth::Super, Pace::Console, "Companies",
        "Count what belongs to a company",
        OneCompany => stats, -> 200 CompanyStats: "The counts",
        fails [404 "There is no such company"]
    },
];

input! {
    pub struct NewCompany {
        body nombre: String,
        body contacto_email: String,
        body contacto_telefono: Option<String>,
        body conekta_private_key: Option<SecretString>,
        body conekta_public_key: Option<String>,
        body conekta_mode: Option<AccountMode>,
    }
}

input! {
    /// What is not sent stays.
    pub struct ChangedCompany {
        path empresa_id: String,
        body nombre: Option<String>,
        body contacto_email: Sent<String>,
        body contacto_telefono: Sent<String>,
        /// A company that is not active sells nothing, and its keys and sessions are refused.
        body activa: Option<bool>,
    }
}

input! {
    pub struct OneCompany {
        path empresa_id: String,
    }
}

answer! {
    pub struct CompanyCard {
        pub id: String,
        pub nombre: String,
        pub contacto_email: Option<String>,
        pub contacto_telefono: Option<String>,
        /// `test` or `live`.
        pub conekta_mode: &'static str,
        pub activa: bool,
        pub creada_en: Moment,
    }
}

answer! {
    pub struct OperatorDashboard {
        pub estadisticas: OperatorFigures,
        pub timestamp: Moment,
    }
}

answer! {
    pub struct OperatorFigures {
        pub total_empresas: u64,
        pub empresas_activas: u64,
        pub total_usuarios: u64,
    }
}

answer! {
    pub struct CompanyStats {
        pub empresa: CompanyHead,
        pub estadisticas: CompanyFigures,
    }
}

answer! {
    pub struct CompanyHead {
        pub id: String,
        pub nombre: String,
        pub activa: bool,
        pub creada_en: Moment,
        pub contacto_email: Option<String>,
    }
}

answer! {
    pub struct CompanyFigures {
        pub total_routers: u64,
        pub routers_activos: u64,
        pub routers_inactivos: u64,
        pub total_usuarios_admin: u64,
        pub api_keys_activas: u64,
    }
}

async fn add(ask: &Ask<'_>, input: NewCompany) -> Result<Answered<CompanyCard>, Refusal> {
    let wish = CompanyWish {
        name: input.nombre,
        contact_email: Some(input.contacto_email),
        contact_phone: input.contacto_telefono,
    };
    let given = |text: &str| !text.trim().is_empty() && !SAMPLE_KEYS.contains(&text.trim());
    let account = AccountChange {
        secret_key: input
            .conekta_private_key
            .filter(|key| given(key.expose_secret()))
            .map(Some),
        public_key: input.conekta_public_key.filter(|key| given(key)).map(Some),
        webhook_secret: None,
        mode: None,
    };
    let mode = input.conekta_mode.map(Mode::from);
    let made = change(ask, move |db, actor| {
        let company = companies::add(db, actor, &wish)?;
        // Without keys there is no account whose mode could be said.
        if !account.is_empty() {
            let account = AccountChange { mode, ..account };
            accounts::update(db, actor, &company.id, GatewayName::Conekta, account)?;
        }
        Ok(company)
    })
    .await?;
    Ok(Answered::ok(card(&ask.relay.store().directory(), &made)))
}

async fn list(ask: &Ask<'_>, _: Nothing) -> Result<Answered<Vec<CompanyCard>>, Refusal> {
    let directory = ask.relay.store().directory();
    let mut companies: Vec<_> = directory.companies.values().collect();
    companies.arrange_by(|a, b| (a.card.created_at, &a.id).cmp(&(b.card.created_at, &b.id)));
    Ok(Answered::ok(
        companies.into_iter().map(|company| card(&directory, company)).collect(),
    ))
}

async fn update(ask: &Ask<'_>, input: ChangedCompany) -> Result<Answered<CompanyCard>, Refusal> {
    let id = CompanyId::new(input.empresa_id);
    let wish = CompanyChange {
        name: input.nombre,
        contact_email: wanted(input.contacto_email),
        contact_phone: wanted(input.contacto_telefono),
        active: input.activa,
        ..CompanyChange::default()
    };
    let changed = change(ask, move |db, actor| companies::update(db, actor, &id, wish)).await?;
    Ok(Answered::ok(card(&ask.relay.store().directory(), &changed)))
}

async fn dashboard(ask: &Ask<'_>, _: Nothing) -> Result<Answered<OperatorDashboard>, Refusal> {
    let users = ask.relay.store().read(|db| db.users(None, None)).await;
    let users = users.map_err(|error| Refusal::store(ask, "count users", &error))?;
    let directory = ask.relay.store().directory();
    let active = directory.companies.values().filter(|company| company.card.active);
    Ok(Answered::ok(OperatorDashboard {
        estadisticas: OperatorFigures {
            total_empresas: directory.companies.len() as u64,
            empresas_activas: active.count() as u64,
            total_usuarios: users.len() as u64,
        },
        timestamp: Moment(ask.relay.now()),
    }))
}

async fn stats(ask: &Ask<'_>, input: OneCompany) -> Result<Answered<CompanyStats>, Refusal> {
    let company = company(ask, &CompanyId::new(input.empresa_id))?;
    let id = company.id.clone();
    let users = ask.relay.store().read(move |db| db.users(None, Some(&id))).await;
    let users = users.map_err(|error| Refusal::store(ask, "count users", &error))?;
    let (directory, now) = (ask.relay.store().directory(), ask.relay.now());
    let routers = routers::of_company(&directory, &company.id);
    let active = routers.iter().filter(|router| router.card.active).count();
    let keys = directory.router_keys.values().filter(|key| key.company == company.id);
    let live = keys.filter(|key| key.expires_at.is_none_or(|end| now < end));
    Ok(Answered::ok(CompanyStats {
        estadisticas: CompanyFigures {
            total_routers: routers.len() as u64,
            routers_activos: active as u64,
            routers_inactivos: (routers.len() - active) as u64,
            total_usuarios_admin: users.len() as u64,
            api_keys_activas: live.count() as u64,
        },
        empresa: CompanyHead {
            id: company.id.to_string(),
            nombre: company.name,
            activa: company.card.active,
            creada_en: Moment(company.card.created_at),
            contacto_email: company.notify_email,
        },
    }))
}

fn card(directory: &Directory, company: &Company) -> CompanyCard {
    CompanyCard {
        id: company.id.to_string(),
        nombre: company.name.clone(),
        contacto_email: company.notify_email.clone(),
        contacto_telefono: company.card.contact_phone.clone(),
        conekta_mode: mode_word(accounts::view(directory, &company.id, GatewayName::Conekta).mode),
        activa: company.card.active,
        creada_en: Moment(company.card.created_at),
    }
}

/// The documented service keeps these where nothing is sent (facts: pagos-hotspot-api 6.4); they open nothing.
const SAMPLE_KEYS: [&str; 2] = ["key_test_default", "key_test_default_pub"];
