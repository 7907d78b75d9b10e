//! What a company sees of its gateway's notices (facts: pagos-hotspot-api 6.2). The documented service let anybody ask and
//! change this; here it is the company's own (9, S1 and S2).

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::super::input::{Nothing, input};
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::shape::{Moment, Price, answer};
use super::credentials::CompanyName;
use super::sales::{number_of, word_of};
use super::{change, fault_of_field, own_company};
use crate::admin::FieldFault;
use crate::admin::accounts::{self, AccountChange, AccountView, mode_word};
use crate::company::{Company, GatewayName};
use crate::ids::OrderRef;
use crate::order::Order;

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/api/v1/webhook/empresa/{empresa_id}/configurar-webhook", Auth::Client, Pace::Console, "Notices",
        "Set the secret that signs Mercado Pago's notices",
        WebhookWish => set_secret, -> 200 WebhookSet: "It is set; what to do at Mercado Pago",
        fails [404 "It is not one's own company"]
    },
    operation! {
        get "/api/v1/webhook/empresa/{empresa_id}/estado-webhook", Auth::Client, Pace::Console, "Notices",
        "Say whether Mercado Pago's notices can be believed",
        OfCompany => state, -> 200 WebhookState: "What is set up",
        fails [404 "It is not one's own company"]
    },
    operation! {
        get "/api/v1/webhook/test-webhook", Auth::Client, Pace::Console, "Notices", "Say where notices are heard",
        Nothing => test, -> 200 WebhookTest: "The address for Mercado Pago"
    },
    operation! {
        get "/api/v1/webhook/transaccion/{external_reference}", Auth::Client, Pace::Console, "Notices",
        "Read one transaction by our reference",
        OfTransaction => transaction, -> 200 WebhookTransaction: "The transaction",
        fails [404 "It is not there, or not one's own"]
    },
];

input! {
    pub struct WebhookWish {
        path empresa_id: String,
        /// As Mercado Pago's dashboard shows it.
        body webhook_secret: SecretString,
    }
}

input! {
    pub struct OfCompany {
        path empresa_id: String,
    }
}

input! {
    pub struct OfTransaction {
        path external_reference: String,
    }
}

answer! {
    pub struct WebhookSet {
        pub success: bool,
        pub message: String,
        pub empresa: CompanyName,
        pub webhook_url: String,
        pub instrucciones: Vec<String>,
    }
}

answer! {
    pub struct WebhookState {
        pub empresa: WebhookCompany,
        pub estadisticas: WebhookFigures,
        pub configuracion_webhook: WebhookSettings,
        /// `configurado` or `pendiente`.
        pub estado: &'static str,
        pub timestamp: Moment,
    }
}

answer! {
    pub struct WebhookCompany {
        pub id: String,
        pub nombre: String,
        /// `test` or `live`.
        pub modo_mercado_pago: &'static str,
        pub access_token_configurado: bool,
        pub webhook_secret_configurado: bool,
    }
}

answer! {
    pub struct WebhookFigures {
        pub total_transacciones: u64,
    }
}

answer! {
    pub struct WebhookSettings {
        pub url: String,
        pub metodo: &'static str,
        pub header_firma: &'static str,
        pub tipo_contenido: &'static str,
    }
}

answer! {
    pub struct WebhookTest {
        pub status: &'static str,
        pub service: &'static str,
        pub endpoint: &'static str,
        pub method: &'static str,
        pub description: String,
        pub url_produccion: String,
        pub url_pruebas: String,
        pub health_check: &'static str,
        pub timestamp: Moment,
    }
}

answer! {
    pub struct WebhookTransaction {
        pub transaction: TransactionDetail,
        pub empresa: TransactionOwner,
    }
}

answer! {
    pub struct TransactionDetail {
        pub id: i64,
        /// The gateway's.
        pub transaccion_id: Option<String>,
        pub external_reference: String,
        pub empresa_id: String,
        pub estado_pago: &'static str,
        pub monto: Price,
        pub moneda: &'static str,
        pub usuario_hotspot: Option<String>,
        pub creada_en: Moment,
        pub pagada_en: Option<Moment>,
        /// Whether a notice of the gateway was worked on.
        pub webhook_processed: bool,
        pub notification_id: Option<String>,
        pub metadata_json: Map<String, Value>,
    }
}

answer! {
    pub struct TransactionOwner {
        pub id: String,
        pub nombre: String,
        pub tiene_webhook_secret: bool,
    }
}

async fn set_secret(ask: &Ask<'_>, input: WebhookWish) -> Result<Answered<WebhookSet>, Refusal> {
    let company = own_of(ask, &input.empresa_id)?;
    if secrecy::ExposeSecret::expose_secret(&input.webhook_secret)
        .trim()
        .is_empty()
    {
        return Err(fault_of_field(ask, "webhook_secret", &FieldFault::Empty));
    }
    let wish = AccountChange {
        webhook_secret: Some(Some(input.webhook_secret)),
        ..AccountChange::default()
    };
    let id = company.id.clone();
    change(ask, move |db, actor| {
        accounts::update(db, actor, &id, GatewayName::Mercadopago, wish)
    })
    .await?;
    Ok(Answered::ok(WebhookSet {
        success: true,
        message: ask.say("webhook-set"),
        empresa: CompanyName {
            id: company.id.to_string(),
            nombre: company.name,
        },
        webhook_url: webhook_url(ask),
        instrucciones: [
            "webhook-step-1",
            "webhook-step-2",
            "webhook-step-3",
            "webhook-step-4",
            "webhook-step-5",
        ]
        .map(|step| ask.say(step))
        .into(),
    }))
}

async fn state(ask: &Ask<'_>, input: OfCompany) -> Result<Answered<WebhookState>, Refusal> {
    let company = own_of(ask, &input.empresa_id)?;
    let account = account_of(ask, &company);
    let id = company.id.clone();
    let lines = ask.relay.store().read(move |db| db.sales(&id)).await;
    let lines = lines.map_err(|error| Refusal::store(ask, "count sales", &error))?;
    let is_ready = account.has_secret_key && account.has_webhook_secret;
    Ok(Answered::ok(WebhookState {
        empresa: WebhookCompany {
            id: company.id.to_string(),
            nombre: company.name,
            modo_mercado_pago: mode_word(account.mode),
            access_token_configurado: account.has_secret_key,
            webhook_secret_configurado: account.has_webhook_secret,
        },
        estadisticas: WebhookFigures {
            total_transacciones: lines.iter().map(|line| line.count).sum(),
        },
        configuracion_webhook: WebhookSettings {
            url: webhook_url(ask),
            metodo: "POST",
            header_firma: "X-Signature",
            tipo_contenido: "application/json",
        },
        estado: if is_ready { "configurado" } else { "pendiente" },
        timestamp: Moment(ask.relay.now()),
    }))
}

async fn test(ask: &Ask<'_>, _: Nothing) -> Result<Answered<WebhookTest>, Refusal> {
    Ok(Answered::ok(WebhookTest {
        status: "active",
        service: "mikrelay",
        endpoint: WEBHOOK_PATH,
        method: "POST",
        description: ask.say("webhook-what"),
        url_produccion: webhook_url(ask),
        url_pruebas: webhook_url(ask),
        health_check: "ok",
        timestamp: Moment(ask.relay.now()),
    }))
}

async fn transaction(ask: &Ask<'_>, input: OfTransaction) -> Result<Answered<WebhookTransaction>, Refusal> {
    let company = own_company(ask)?;
    let (wanted, owner) = (OrderRef::new(input.external_reference), company.id.clone());
    let read = ask.relay.store().read(move |db| {
        let order = db.order(&wanted)?.filter(|order| order.company == owner);
        let Some(order) = order else { return Ok(None) };
        let is_heard = db.has_settled_event(&order.reference)?;
        Ok(Some((order, is_heard)))
    });
    let found = read
        .await
        .map_err(|error| Refusal::store(ask, "read a transaction", &error))?;
    let (order, is_heard) = found.ok_or_else(|| Refusal::new(ask, 404, "transaction-unknown"))?;
    Ok(Answered::ok(WebhookTransaction {
        transaction: detail(ask, &order, is_heard),
        empresa: TransactionOwner {
            id: company.id.to_string(),
            nombre: company.name.clone(),
            tiene_webhook_secret: account_of(ask, &company).has_webhook_secret,
        },
    }))
}

fn detail(ask: &Ask<'_>, order: &Order, is_heard: bool) -> TransactionDetail {
    let directory = ask.relay.store().directory();
    let user = order
        .voucher
        .as_ref()
        .map(|voucher| secrecy::ExposeSecret::expose_secret(&voucher.username));
    let gateway = directory
        .accounts
        .get(&order.account)
        .map(|account| account.gateway().as_str());
    let metadata = [
        ("gateway", gateway),
        ("plan", order.plan.plan.as_ref().map(|plan| plan.as_str())),
        ("payer_email", order.buyer.email.as_deref()),
    ];
    let metadata = metadata
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    TransactionDetail {
        id: number_of(order),
        transaccion_id: order.gateway_id.clone(),
        external_reference: order.reference.to_string(),
        empresa_id: order.company.to_string(),
        estado_pago: word_of(&directory, order),
        monto: order.plan.price.into(),
        moneda: order.plan.price.currency().code(),
        usuario_hotspot: user.map(str::to_owned),
        creada_en: Moment(order.created_at),
        pagada_en: order.paid_at.map(Moment),
        webhook_processed: is_heard,
        notification_id: None,
        metadata_json: metadata.collect(),
    }
}

/// One's own company, by the id that the path names.
fn own_of(ask: &Ask<'_>, named: &str) -> Result<Company, Refusal> {
    let company = own_company(ask)?;
    if company.id.as_str() != named {
        return Err(Refusal::new(ask, 404, "company-unknown"));
    }
    Ok(company)
}

fn account_of(ask: &Ask<'_>, company: &Company) -> AccountView {
    accounts::view(&ask.relay.store().directory(), &company.id, GatewayName::Mercadopago)
}

fn webhook_url(ask: &Ask<'_>) -> String {
    let base = ask.relay.public_url().as_str().trim_end_matches('/');
    format!("{base}{WEBHOOK_PATH}")
}

const WEBHOOK_PATH: &str = "/api/v1/webhook/mercado-pago";
