//! What a company sold: the dashboard and the list of its transactions (facts: pagos-hotspot-api 6.3). A sale by link and
//! a sale by a portal are both here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::input::{Nothing, Place, input};
use super::super::kinds::Wrong;
use super::super::operation::{Answered, Ask, Auth, Operation, Pace, Refusal, operation};
use super::super::shape::{Moment, Price, answer};
use super::{fault_at, own_company};
use crate::admin::routers;
use crate::api_key::key_digest;
use crate::company::{Company, Directory, GatewayName, Mode};
use crate::money::{Currency, Money};
use crate::order::{Order, State};
use crate::store::SalesLine;
use crate::store::StoreError;

pub(in crate::api) static OPERATIONS: &[Operation] = &[
    operation! {
        get "/api/v1/admin/mi-empresa/dashboard", Auth::Client, Pace::Console, "Own sales", "Count one's sales",
        Nothing => dashboard, -> 200 Dashboard: "Counts, income and the latest transactions",
        fails [404 "The company is gone"]
    },
    operation! {
        get "/api/v1/admin/mi-empresa/transacciones", Auth::Client, Pace::Console, "Own sales", "List one's transactions",
        PageWish => list, -> 200 Transactions: "One page of them, newest first",
        fails [404 "The company is gone"]
    },
];

answer! {
    pub struct Dashboard {
        pub empresa: CompanyState,
        pub estadisticas: Figures,
        pub transacciones_recientes: Vec<RecentSale>,
    }
}

answer! {
    pub struct CompanyState {
        pub nombre: String,
        pub activa: bool,
    }
}

answer! {
    pub struct Figures {
        pub total_transacciones: u64,
        /// What was paid and not given back, in the company's own currency.
        pub ingresos_totales: Price,
        pub moneda: &'static str,
        /// The same in every currency.
        pub ingresos_por_moneda: Map<String, Value>,
        /// How much of `ingresos_totales` is no real money.
        pub ingresos_de_prueba: Price,
        pub transacciones_pagadas: u64,
        pub transacciones_pendientes: u64,
        pub transacciones_reembolsadas: u64,
        pub total_routers: u64,
    }
}

answer! {
    pub struct RecentSale {
        pub id: i64,
        pub transaccion_id: Option<String>,
        pub monto: Price,
        pub moneda: &'static str,
        pub estado: &'static str,
        pub fecha: Moment,
    }
}

input! {
    pub struct PageWish {
        /// From 1 to 500.
        query limit: i64 = 50,
        /// How many to leave out.
        query offset: i64 = 0,
    }
}

answer! {
    pub struct Transactions {
        pub empresa_id: String,
        pub total: u64,
        pub limit: i64,
        pub offset: i64,
        pub transacciones: Vec<Transaction>,
    }
}

answer! {
    pub struct Transaction {
        pub id: i64,
        /// The gateway's.
        pub transaccion_id: Option<String>,
        /// Ours, which the gateway was given.
        pub external_reference: String,
        pub monto: Price,
        pub moneda: &'static str,
        pub estado_pago: &'static str,
        pub cliente_nombre: Option<String>,
        pub creada_en: Moment,
    }
}

async fn dashboard(ask: &Ask<'_>, _: Nothing) -> Result<Answered<Dashboard>, Refusal> {
    let company = own_company(ask)?;
    let id = company.id.clone();
    let read = ask
        .relay
        .store()
        .read(move |db| Ok((db.sales(&id)?, db.sales_page(&id, RECENT, 0)?)));
    let (lines, recent) = read.await.map_err(|error| Refusal::store(ask, "count sales", &error))?;
    let directory = ask.relay.store().directory();
    Ok(Answered::ok(Dashboard {
        empresa: CompanyState {
            nombre: company.name.clone(),
            activa: company.card.active,
        },
        estadisticas: figures(&directory, &company, &lines),
        transacciones_recientes: recent.iter().map(|order| recent_sale(&directory, order)).collect(),
    }))
}

async fn list(ask: &Ask<'_>, input: PageWish) -> Result<Answered<Transactions>, Refusal> {
    let company = own_company(ask)?;
    let limit = u32::try_from(input.limit)
        .ok()
        .filter(|limit| (1..=MOST_LISTED).contains(limit));
    let limit = limit.ok_or_else(|| out_of_range(ask, "limit", &format!("1–{MOST_LISTED}")))?;
    let offset = u32::try_from(input.offset).map_err(|_| out_of_range(ask, "offset", "0–4294967295"))?;
    let id = company.id.clone();
    let read = ask.relay.store().read(move |db| {
        let orders = db.sales_page(&id, limit, offset)?.into_iter();
        let named = orders.map(|order| Ok((db.buyer_name(&order)?, order)));
        Ok((db.sales(&id)?, named.collect::<Result<Vec<_>, StoreError>>()?))
    });
    let (lines, orders) = read.await.map_err(|error| Refusal::store(ask, "list sales", &error))?;
    let directory = ask.relay.store().directory();
    Ok(Answered::ok(Transactions {
        empresa_id: company.id.to_string(),
        total: lines.iter().map(|line| line.count).sum(),
        limit: input.limit,
        offset: input.offset,
        transacciones: orders
            .into_iter()
            .map(|(buyer, order)| transaction(&directory, &order, buyer))
            .collect(),
    }))
}

fn out_of_range(ask: &Ask<'_>, field: &'static str, range: &str) -> Refusal {
    let wrong = Wrong::with("value_error", "value-range", range.to_owned());
    fault_at(ask, Place::Query, field, wrong)
}

fn figures(directory: &Directory, company: &Company, lines: &[SalesLine]) -> Figures {
    let count = |wanted: fn(State) -> bool| {
        let lines = lines.iter().filter(|line| wanted(line.state));
        lines.map(|line| line.count).sum::<u64>()
    };
    let mut income: BTreeMap<&'static str, (Money, Money)> = BTreeMap::new();
    for line in lines.iter().filter(|line| is_paid(line.state)) {
        let nothing = Money::from_minor(0, line.sum.currency());
        let (all, test) = income.entry(line.sum.currency().code()).or_insert((nothing, nothing));
        *all = plus(*all, line.sum);
        if line.mode == Mode::Test {
            *test = plus(*test, line.sum);
        }
    }
    let home = own_currency(directory.currency_of(company), &income);
    let nothing = Money::from_minor(0, home);
    let (all, test) = income.get(home.code()).copied().unwrap_or((nothing, nothing));
    let by_currency = income.iter().map(|(code, (sum, _))| {
        let price = serde_json::to_value(Price::from(*sum)).unwrap_or_default();
        ((*code).to_owned(), price)
    });
    Figures {
        total_transacciones: count(|_| true),
        ingresos_totales: all.into(),
        moneda: home.code(),
        ingresos_por_moneda: by_currency.collect(),
        ingresos_de_prueba: test.into(),
        transacciones_pagadas: count(is_paid),
        transacciones_pendientes: count(|state| matches!(state, State::New | State::Waiting | State::Held)),
        transacciones_reembolsadas: count(|state| state == State::Refunded),
        total_routers: routers::of_company(directory, &company.id).len() as u64,
    }
}

/// The country's currency, or the only one that anything was sold in.
fn own_currency(home: Currency, income: &BTreeMap<&'static str, (Money, Money)>) -> Currency {
    match income.values().next() {
        Some((sum, _)) if income.len() == 1 => sum.currency(),
        _ => home,
    }
}

fn plus(a: Money, b: Money) -> Money {
    Money::from_minor(a.minor().saturating_add(b.minor()), a.currency())
}

/// Whether the money is here: not before it came, and not after it went back.
fn is_paid(state: State) -> bool {
    matches!(
        state,
        State::Paid | State::Provisioned | State::Delivered | State::Stuck | State::Refunding
    )
}

fn recent_sale(directory: &Directory, order: &Order) -> RecentSale {
    RecentSale {
        id: number_of(order),
        transaccion_id: order.gateway_id.clone(),
        monto: order.plan.price.into(),
        moneda: order.plan.price.currency().code(),
        estado: word_of(directory, order),
        fecha: Moment(order.created_at),
    }
}

fn transaction(directory: &Directory, order: &Order, buyer: Option<String>) -> Transaction {
    Transaction {
        id: number_of(order),
        transaccion_id: order.gateway_id.clone(),
        external_reference: order.reference.to_string(),
        monto: order.plan.price.into(),
        moneda: order.plan.price.currency().code(),
        estado_pago: word_of(directory, order),
        cliente_nombre: buyer,
        creada_en: Moment(order.created_at),
    }
}

/// The documented API numbers transactions; ours have references. The number is made of the reference, so it stays, and
/// it has 53 bits, as many as a browser's numbers hold exactly.
pub(super) fn number_of(order: &Order) -> i64 {
    let digest = key_digest(order.reference.as_str());
    let bits = digest
        .iter()
        .take(7)
        .fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    bits >> 3
}

/// The state by the words of the documented API, which are those of each gateway (facts: pagos-hotspot-api 7.1).
pub(super) fn word_of(directory: &Directory, order: &Order) -> &'static str {
    let gateway = directory.accounts.get(&order.account).map(|account| account.gateway());
    let is_mercadopago = gateway == Some(GatewayName::Mercadopago);
    match order.state {
        state if is_paid(state) => {
            if is_mercadopago {
                "approved"
            } else {
                "paid"
            }
        }
        State::Refunded => "refunded",
        State::Failed if is_mercadopago => "rejected",
        State::Failed => "declined",
        State::Cancelled => "cancelled",
        State::Expired => "expired",
        _ => "pending",
    }
}

const RECENT: u32 = 5;
/// A page that is read at once.
const MOST_LISTED: u32 = 500;
