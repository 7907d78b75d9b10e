//! Selling by card token, and asking what became of a payment (facts: pagos-hotspot-api 5). Translation only: the sale
//! is `payment::portal`'s.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::input::input;
use super::kinds::{Amount, Email, Lenient, words};
use super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::shape::{Member, Moment, Price, Schemas, Shape, answer, object};
use crate::card::{CardRefusal, SaleFault};
use crate::company::GatewayName;
use crate::payment::portal::told::ToldError;
use crate::payment::portal::{CardWish, SaleError, Seller, Sold, Standing};
use crate::voucher::UserMode;

pub(super) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/api/v1/payments/pagar-conekta", Auth::Key, Pace::Sale, "Payments", "Pay with a card through Conekta",
        PayConekta => pay_conekta, -> 200 PaidConekta: "The sale, with its credentials",
        fails [
            400 "The card token or the request cannot be used", 402 "There is no money, or not yet",
            404 "The product is not on sale on the key's router", 409 "The `Idempotency-Key` was used for another sale",
            504 "Nobody knows yet; ask again with the same token"
        ]
    },
    operation! {
        post "/api/v1/payments/pagar-mercado-pago", Auth::Key, Pace::Sale, "Payments",
        "Pay with a card through Mercado Pago",
        PayMercadopago => pay_mercadopago, -> 200 PaidMercadopago: "The sale; without credentials while it is pending",
        fails [
            400 "The amount, the card token or the request cannot be used", 402 "There is no money",
            404 "The product is not on sale on the key's router", 409 "The `Idempotency-Key` was used for another sale",
            504 "Nobody knows yet; ask again with the same token"
        ]
    },
    operation! {
        get "/api/v1/payments/estado-pago/{payment_id}", Auth::Key, Pace::Device, "Payments",
        "Ask what became of a payment",
        OnePayment => payment, -> 200 PaymentState: "What the gateway says now",
        fails [400 "The company has no such gateway", 404 "The key's company has no such payment"]
    },
];

words! {
    /// A name with a password, or a PIN.
    pub enum UserType { Pair = "usuario_contrasena", Pin = "pin" }
}

input! {
    pub struct PayConekta {
        /// What is bought.
        body product_id / "producto_id": i64,
        /// Of the gateway's form; good for one sale.
        body card_token / "token_tarjeta": SecretString,
        body customer_name / "nombre_cliente": String,
        body customer_email / "email_cliente": Email,
        body customer_phone / "telefono_cliente": Option<String>,
        body user_type / "tipo_usuario": Lenient<UserType> = Lenient(UserType::Pair),
        body mac_address / "mac_cliente": Option<String>,
        body ip_address / "ip_cliente": Option<String>,
        body device_info / "info_dispositivo": Option<String>,
        /// Log the device in; wants its MAC address.
        body auto_connect / "conexion_automatica": bool = false,
        /// The same key is the same sale.
        header idempotency_key / "Idempotency-Key": Option<String>,
    }
}

input! {
    pub struct PayMercadopago {
        /// What is bought.
        body product_id / "producto_id": i64,
        /// Of the gateway's form; good for one sale.
        body token: SecretString,
        body payment_method_id: String,
        /// What the portal believes the price to be; the price itself is charged.
        body transaction_amount / "monto": Amount,
        body installments / "cuotas": i64 = 1,
        body issuer_id: Option<String>,
        /// What the gateway's script calls the device.
        body device_id: Option<String>,
        /// Its `identification` is handed on.
        body payer: Option<Map<String, Value>>,
        body customer_name / "nombre_cliente": String,
        body customer_email / "email_cliente": Email,
        body customer_phone / "telefono_cliente": Option<String>,
        body user_type / "tipo_usuario": Lenient<UserType> = Lenient(UserType::Pair),
        body mac_address / "mac_cliente": Option<String>,
        body ip_address / "ip_cliente": Option<String>,
        body device_info / "info_dispositivo": Option<String>,
        /// Log the device in; wants its MAC address.
        body auto_connect / "conexion_automatica": bool = false,
        /// The same key is the same sale.
        header idempotency_key / "Idempotency-Key": Option<String>,
    }
}

input! {
    pub struct OnePayment {
        /// The gateway's id of the payment or the order.
        path payment_id: String,
    }
}

answer! {
    pub struct PaidConekta {
        pub success: bool,
        pub id_transaccion: String,
        pub estado_pago: String,
        pub tipo_usuario: UserType,
        pub usuario_hotspot: SoldUser,
        pub producto: SoldProduct,
        pub cliente: SoldTo,
        pub timestamp: Moment,
        pub auto_conexion: AutoConnection,
        pub advertencia (optional): Option<String>,
    }
}

answer! {
    pub struct PaidMercadopago {
        pub success: bool,
        pub id_transaccion: String,
        pub estado_pago: String,
        pub tipo_usuario: UserType,
        pub usuario_hotspot: SoldUser,
        pub producto: SoldProduct,
        pub cliente: SoldTo,
        pub timestamp: Moment,
        pub auto_conexion: AutoConnection,
        pub advertencia (optional): Option<String>,
        pub mercado_pago: MercadopagoPayment,
    }
}

answer! {
    /// Both empty while nothing is given.
    pub struct SoldUser {
        pub usuario: String,
        pub contrasena: String,
    }
}

answer! {
    pub struct SoldProduct {
        pub nombre: String,
        pub precio: Price,
        pub moneda: &'static str,
        pub perfil_mikrotik: String,
    }
}

answer! {
    pub struct SoldTo {
        pub nombre: String,
        pub email: String,
    }
}

words! {
    /// Whether the router has a session of the device.
    pub enum ConnectionState { Online = "conectado", Offline = "no_conectado" }
}

answer! {
    pub struct AutoConnection {
        pub estado: ConnectionState,
        pub mac: String,
        pub ip: String,
        pub mensaje: String,
        pub verificado: bool,
        pub session_id (optional): Option<String>,
    }
}

answer! {
    pub struct MercadopagoPayment {
        pub payment_id: Value,
        pub status: String,
        pub status_detail: Option<String>,
        pub installments: i64,
        pub payment_method: PaymentMethod,
        /// Always empty.
        pub raw_response: Map<String, Value>,
    }
}

/// By hand, for `type` is a word of the language.
#[derive(serde::Serialize)]
pub struct PaymentMethod {
    pub id: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub issuer_id: Option<String>,
    pub issuer: Option<String>,
    pub last_four_digits: Option<String>,
    pub installments: i64,
}

impl Shape for PaymentMethod {
    fn schema(schemas: &mut Schemas) -> Value {
        schemas.named("PaymentMethod", |schemas| {
            let member = |name, schema| Member {
                name,
                doc: "",
                schema,
                optional: false,
            };
            let text = <Option<String> as Shape>::schema;
            let members = [
                member("id", text as fn(&mut Schemas) -> Value),
                member("type", text),
                member("issuer_id", text),
                member("issuer", text),
                member("last_four_digits", text),
                member("installments", <i64 as Shape>::schema),
            ];
            object(schemas, "The card, as far as the gateway tells", &members)
        })
    }
}

answer! {
    pub struct PaymentState {
        pub success: bool,
        pub payment_id: Value,
        pub status: String,
        pub status_detail: Option<String>,
        pub amount: Price,
        pub currency_id: &'static str,
        pub date_approved: Option<String>,
        pub date_last_updated: Option<String>,
    }
}

async fn pay_conekta(ask: &Ask<'_>, input: PayConekta) -> Result<Answered<PaidConekta>, Refusal> {
    let sold = sell(
        ask,
        CardWish {
            gateway: GatewayName::Conekta,
            product: input.product_id,
            token: input.card_token,
            amount: None,
            name: input.customer_name,
            email: input.customer_email.0,
            phone: input.customer_phone,
            identification: None,
            mode: mode(&input.user_type),
            mac: input.mac_address,
            ip: input.ip_address,
            auto_connect: input.auto_connect,
            installments: 1,
            method: None,
            issuer: None,
            device: None,
            language: ask.language,
            idempotency_key: filled(input.idempotency_key),
        },
    )
    .await?;
    Ok(Answered::ok(PaidConekta {
        success: true,
        id_transaccion: sold.order.gateway_id.clone().unwrap_or_default(),
        estado_pago: payment_word(&sold),
        tipo_usuario: user_type(&sold),
        usuario_hotspot: user(&sold),
        producto: product(&sold),
        cliente: customer(&sold),
        timestamp: Moment(sold.at),
        auto_conexion: connection(ask, &sold),
        advertencia: warning(ask, &sold),
    }))
}

async fn pay_mercadopago(ask: &Ask<'_>, input: PayMercadopago) -> Result<Answered<PaidMercadopago>, Refusal> {
    let sold = sell(
        ask,
        CardWish {
            gateway: GatewayName::Mercadopago,
            product: input.product_id,
            token: input.token,
            amount: Some(input.transaction_amount.0),
            name: input.customer_name,
            email: input.customer_email.0,
            phone: input.customer_phone,
            identification: input.payer.as_ref().and_then(identification),
            mode: mode(&input.user_type),
            mac: input.mac_address,
            ip: input.ip_address,
            auto_connect: input.auto_connect,
            installments: u32::try_from(input.installments).unwrap_or(1).max(1),
            method: filled(Some(input.payment_method_id)),
            issuer: filled(input.issuer_id),
            device: filled(input.device_id),
            language: ask.language,
            idempotency_key: filled(input.idempotency_key),
        },
    )
    .await?;
    Ok(Answered::ok(PaidMercadopago {
        success: true,
        id_transaccion: sold.order.gateway_id.clone().unwrap_or_default(),
        estado_pago: payment_word(&sold),
        tipo_usuario: user_type(&sold),
        usuario_hotspot: user(&sold),
        producto: product(&sold),
        cliente: customer(&sold),
        timestamp: Moment(sold.at),
        auto_conexion: connection(ask, &sold),
        advertencia: warning(ask, &sold),
        mercado_pago: mercado_pago(&sold),
    }))
}

async fn payment(ask: &Ask<'_>, input: OnePayment) -> Result<Answered<PaymentState>, Refusal> {
    let unknown = || Refusal::new(ask, 404, "payment-unknown");
    let company = ask.caller.router().map(|key| key.company.clone()).ok_or_else(unknown)?;
    let directory = ask.relay.store().directory();
    let has = |gateway| directory.portal_account(&company, gateway).is_some();
    if !has(GatewayName::Mercadopago) && !has(GatewayName::Conekta) {
        return Err(no_account(ask, GatewayName::Mercadopago));
    }
    let told = match ask.relay.payment_told(&company, &input.payment_id).await {
        Ok(told) => told.ok_or_else(unknown)?,
        Err(ToldError::Gateway(error)) => {
            tracing::warn!("the gateway could not be asked about a payment: {error}");
            return Err(Refusal::new(ask, 500, "payment-untold"));
        }
        Err(ToldError::Store(error)) => return Err(Refusal::store(ask, "read a payment", &error)),
    };
    Ok(Answered::ok(PaymentState {
        success: true,
        payment_id: number_or_text(&input.payment_id),
        status: told.card.status,
        status_detail: told.card.status_detail,
        currency_id: told.amount.currency().code(),
        amount: told.amount.into(),
        date_approved: told.card.approved_at,
        date_last_updated: told.card.updated_at,
    }))
}

/// Sells, and tells every end that is no sale.
async fn sell(ask: &Ask<'_>, wish: CardWish) -> Result<Sold, Refusal> {
    let Some(key) = ask.caller.router() else {
        return Err(Refusal::new(ask, 404, "product-unknown"));
    };
    let seller = Seller {
        company: key.company.clone(),
        router: key.router.clone(),
    };
    let sold = match ask.relay.sell(&seller, wish).await {
        Ok(sold) => sold,
        Err(error) => return Err(refuse(ask, error)),
    };
    match &sold.standing {
        Standing::Ready | Standing::Slow | Standing::Pending => Ok(sold),
        Standing::Refused(refusal) => {
            let id = format!("card-{}", refusal.as_str());
            Err(Refusal::new(ask, refused_status(&sold, *refusal), &id))
        }
        Standing::Unknown => Err(Refusal::new(ask, 504, "sale-unknown")),
        Standing::Fault(fault) => Err(match fault {
            SaleFault::Router => Refusal::new(ask, 500, "sale-no-user"),
            SaleFault::TooOften { after_s } => Refusal::later(ask, 429, "card-too-often", *after_s),
            SaleFault::Account => Refusal::new(ask, 500, "card-account-refused"),
            SaleFault::Refused => Refusal::new(ask, 400, "card-wrong-data"),
            SaleFault::NeverCharged => Refusal::new(ask, 504, "sale-not-charged"),
        }),
    }
}

fn refuse(ask: &Ask<'_>, error: SaleError) -> Refusal {
    match error {
        SaleError::NoProduct => Refusal::new(ask, 404, "product-unknown"),
        SaleError::NoAccount(gateway) => no_account(ask, gateway),
        SaleError::NoToken | SaleError::TokenReused => Refusal::new(ask, 400, "sale-token-unusable"),
        SaleError::Amount { asked, price } => {
            let price = format!("{} {}", price.major_text(), price.currency().code());
            Refusal::with(ask, 400, "sale-amount", &[("asked", &asked), ("price", &price)])
        }
        SaleError::KeyReused => Refusal::new(ask, 409, "key-reused"),
        SaleError::StillRunning => Refusal::new(ask, 504, "sale-unknown"),
        SaleError::Store(error) => Refusal::store(ask, "store a sale", &error),
    }
}

fn no_account(ask: &Ask<'_>, gateway: GatewayName) -> Refusal {
    Refusal::with(ask, 400, "sale-no-account", &[("value", gateway.title())])
}

/// What was refused before there was a charge is a faulty request; a card's refusal is 402. A gateway's own 401 or 404
/// would say something of our key and our product, so neither is passed on.
fn refused_status(sold: &Sold, refusal: CardRefusal) -> u16 {
    let is_outright = sold.card.http_status.is_some_and(|status| status != 402) && sold.order.gateway_id.is_none();
    let is_token = matches!(
        refusal,
        CardRefusal::TokenUsed | CardRefusal::TokenInvalid | CardRefusal::TokenExpired
    );
    if is_outright || is_token { 400 } else { 402 }
}

/// The gateway's word for where the money is; ours where it says "paid" and the operator looks at it first.
fn payment_word(sold: &Sold) -> String {
    let paid = match sold.gateway {
        GatewayName::Conekta => "paid",
        _ => "approved",
    };
    match sold.standing {
        Standing::Ready | Standing::Slow => paid.to_owned(),
        _ if sold.card.refusal.is_none() => "pending".to_owned(),
        _ => sold.card.status.clone(),
    }
}

fn mode(wished: &Lenient<UserType>) -> UserMode {
    match wished.0 {
        UserType::Pair => UserMode::Up,
        UserType::Pin => UserMode::Pin,
    }
}

fn user_type(sold: &Sold) -> UserType {
    match sold.mode {
        UserMode::Pin => UserType::Pin,
        UserMode::Up | UserMode::Vc => UserType::Pair,
    }
}

fn user(sold: &Sold) -> SoldUser {
    let (usuario, contrasena) = sold.credentials.clone().unwrap_or_default();
    SoldUser { usuario, contrasena }
}

fn product(sold: &Sold) -> SoldProduct {
    let plan = &sold.order.plan;
    SoldProduct {
        nombre: plan.label.clone(),
        precio: plan.price.into(),
        moneda: plan.price.currency().code(),
        perfil_mikrotik: plan.profile.clone(),
    }
}

fn customer(sold: &Sold) -> SoldTo {
    SoldTo {
        nombre: sold.name.clone(),
        email: sold.email.clone(),
    }
}

fn warning(ask: &Ask<'_>, sold: &Sold) -> Option<String> {
    match sold.standing {
        Standing::Pending => Some(ask.say("sale-pending")),
        Standing::Slow => Some(ask.say("sale-slow")),
        _ => None,
    }
}

/// Facts 5.6.
fn connection(ask: &Ask<'_>, sold: &Sold) -> AutoConnection {
    let access = &sold.access;
    let sentence = match () {
        () if access.online => "access-online",
        () if !access.wished => "access-not-wished",
        () if access.has_device && access.is_slow => "access-slow",
        () => "access-failed",
    };
    let shown = access.wished && access.mac.as_deref().is_some_and(|mac| !mac.is_empty());
    let echo = |text: &Option<String>| text.clone().filter(|_| shown).unwrap_or_default();
    AutoConnection {
        estado: if access.online {
            ConnectionState::Online
        } else {
            ConnectionState::Offline
        },
        mac: echo(&access.mac),
        ip: echo(&access.ip),
        mensaje: ask.say(sentence),
        verificado: access.online,
        session_id: access.session_id.clone().filter(|_| access.online),
    }
}

fn mercado_pago(sold: &Sold) -> MercadopagoPayment {
    let card = &sold.card;
    let installments = i64::from(card.installments.unwrap_or(1));
    MercadopagoPayment {
        payment_id: sold.order.gateway_id.as_deref().map_or(Value::Null, number_or_text),
        status: payment_word(sold),
        status_detail: card.status_detail.clone(),
        installments,
        payment_method: PaymentMethod {
            id: card.method.clone(),
            kind: card.kind.clone(),
            issuer_id: card.issuer.clone(),
            issuer: card.issuer.clone(),
            last_four_digits: card.last_four.clone(),
            installments,
        },
        raw_response: Map::new(),
    }
}

fn identification(payer: &Map<String, Value>) -> Option<(String, String)> {
    let document = payer.get("identification")?.as_object()?;
    let text = |name: &str| match document.get(name)? {
        Value::String(text) => filled(Some(text.clone())),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Some((text("type")?, text("number")?))
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Mercado Pago's ids are numbers, Conekta's are texts.
fn number_or_text(id: &str) -> Value {
    id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from)
}

#[cfg(test)]
mod tests {
    use super::super::texts::say;
    use super::*;
    use crate::company::Language;

    #[test]
    fn every_refusal_has_its_sentence_in_every_language() {
        for language in Language::ALL {
            let mut all: Vec<_> = CardRefusal::ALL
                .into_iter()
                .map(|refusal| say(language, &format!("card-{}", refusal.as_str()), &[]))
                .collect();
            assert!(all.iter().all(|sentence| sentence.contains(' ')), "{all:?}");
            all.sort();
            all.dedup();
            assert_eq!(all.len(), CardRefusal::ALL.len(), "no two say the same");
        }
    }

    #[test]
    fn an_identity_document_is_taken_from_the_forms_payer() {
        let read = |json: &str| identification(serde_json::from_str::<Value>(json).unwrap().as_object().unwrap());
        let document = |kind: &str, number: &str| Some((kind.to_owned(), number.to_owned()));
        assert_eq!(
            read(r#"{"email":"a@b.c","identification":{"type":"DNI","number":"12345678"}}"#),
            document("DNI", "12345678")
        );
        assert_eq!(
            read(r#"{"identification":{"type":"DNI","number":12345678}}"#),
            document("DNI", "12345678")
        );
        for nothing in [
            "{}",
            r#"{"identification":null}"#,
            r#"{"identification":{"type":"DNI","number":" "}}"#,
            r#"{"identification":{"number":"1"}}"#,
            r#"{"identification":["DNI"]}"#,
        ] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
