//! The simulated hosted checkout of Conekta: card, cash and transfer, and the bank's page that asks for a code.
//! Plain forms, no script needed, no outside asset; in Spanish or English. The test cards are those of facts
//! `gateways-latin-america.md` 2.11.

use std::sync::Arc;

use http::{Method, StatusCode};

use super::super::http::{Reply, Request};
use super::super::portal::page::language_of;
use super::conekta::now_s;
use super::conekta_order::{self as order, Failure, Voucher};
use super::desk::{Desk, Payment};
use super::pages::{self, amount};
use super::{Choice, SimStatus};
use crate::company::Language;
use crate::html::escape;

/// Answers a page's address; `None` for what is no page of the checkout.
pub fn answer(desk: &Arc<Desk>, request: &Request) -> Option<Reply> {
    let words = words_of(request);
    let segments = request.segments();
    let payment = match segments.as_slice() {
        ["checkout" | "3ds", token] | ["checkout", token, _] => desk.by_token(token),
        _ => return None,
    };
    let Some(payment) = payment else {
        return Some(unknown(words));
    };
    Some(match (&request.method, segments.as_slice()) {
        (&Method::GET, ["checkout", _]) => checkout(&payment, request, words),
        (&Method::GET, ["3ds", _]) if waits_for_bank(&payment) => challenge(&payment, words),
        (&Method::GET, ["3ds", _]) => Reply::see_other(&page_of(&payment)),
        (&Method::POST, _) if !payment.is_open() => Reply::see_other(&page_of(&payment)),
        (&Method::POST, ["checkout", _]) => choose(desk, &payment, request, words),
        (&Method::POST, ["checkout", _, "card"]) => pay_by_card(desk, &payment, request),
        (&Method::POST, ["checkout", _, "cash"]) => take_voucher(desk, &payment, Voucher::Cash),
        (&Method::POST, ["checkout", _, "transfer"]) => take_voucher(desk, &payment, Voucher::Spei),
        (&Method::POST, ["3ds", _]) if waits_for_bank(&payment) => confirm(desk, &payment, request),
        _ => unknown(words),
    })
}

/// The choices a simulation offers: paid by card at once, or the voucher that is there.
fn choose(desk: &Arc<Desk>, payment: &Payment, request: &Request, words: &Words) -> Reply {
    let Some(choice) = request.form_value("choice").as_deref().and_then(Choice::from_text) else {
        return unknown(words);
    };
    let is_voucher = order::open_voucher(payment).is_some();
    let Some(errands) = desk.decide(&payment.token, choice) else {
        return unknown(words);
    };
    desk.sender.spawn(desk, errands);
    // Who pays at a till is not in front of this page.
    match is_voucher {
        true => Reply::see_other(&page_of(payment)),
        false => send_back(payment, choice == Choice::Decline),
    }
}

fn pay_by_card(desk: &Arc<Desk>, payment: &Payment, request: &Request) -> Reply {
    let field = |name| request.form_value(name).unwrap_or_default();
    let number: String = field("number").chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let is_filled = !field("name").trim().is_empty() && !field("exp").is_empty() && !field("cvc").is_empty();
    if !is_filled || !is_card_number(&number) {
        return Reply::see_other(&format!("{}?error=card_invalid", page_of(payment)));
    }
    let last4 = number.get(number.len() - 4..).unwrap_or_default();
    let failure = match number.as_str() {
        CHALLENGED => {
            let url = format!("{}/3ds/{}", desk.base_url, payment.token);
            desk.change(&payment.token, |payment| order::challenge(payment, &url));
            return Reply::see_other(&url);
        }
        number if PAYING.contains(&number) => None,
        WITHOUT_FUNDS => Some(Failure::InsufficientFunds),
        _ => Some(Failure::Declined),
    };
    charge(desk, payment, last4, failure)
}

fn confirm(desk: &Arc<Desk>, payment: &Payment, request: &Request) -> Reply {
    let is_right = request.form_value("otp").is_some_and(|otp| otp.trim() == OTP);
    charge(desk, payment, "1091", (!is_right).then_some(Failure::ThreeDsFailed))
}

fn charge(desk: &Arc<Desk>, payment: &Payment, last4: &str, failure: Option<Failure>) -> Reply {
    desk.change(&payment.token, |payment| {
        order::charge_card(payment, last4, failure, now_s());
    });
    if let Some(charged) = desk.by_token(&payment.token) {
        desk.sender.spawn(desk, desk.errands_of(&charged));
    }
    match failure {
        Some(failure) => Reply::see_other(&format!("{}?error={}", page_of(payment), failure.code())),
        None => send_back(payment, false),
    }
}

fn take_voucher(desk: &Arc<Desk>, payment: &Payment, voucher: Voucher) -> Reply {
    desk.change(&payment.token, |payment| {
        order::issue(payment, voucher, &desk.base_url, now_s());
    });
    if let Some(issued) = desk.by_token(&payment.token) {
        desk.sender.spawn(desk, desk.errands_of(&issued));
    }
    Reply::see_other(&page_of(payment))
}

fn send_back(payment: &Payment, failed: bool) -> Reply {
    let url = if failed {
        failure_url(payment)
    } else {
        payment.return_url.clone()
    };
    Reply::see_other(&url.unwrap_or_else(|| page_of(payment)))
}

fn failure_url(payment: &Payment) -> Option<String> {
    let url = payment.extra.get("checkout")?.get("failure_url")?;
    url.as_str().map(ToOwned::to_owned)
}

fn page_of(payment: &Payment) -> String {
    format!("/checkout/{}", payment.token)
}

fn waits_for_bank(payment: &Payment) -> bool {
    payment.status == SimStatus::Pending && payment.extra.contains_key("next_action")
}

fn checkout(payment: &Payment, request: &Request, words: &Words) -> Reply {
    let error = request.query_value("error");
    let alert = error
        .as_deref()
        .and_then(|code| words.error(code))
        .map(|says| format!(r#"<p role="alert">{says}</p>"#));
    let voucher = order::open_voucher(payment).filter(|_| payment.status == SimStatus::Pending);
    let body = match voucher {
        _ if !payment.is_open() => {
            format!(
                r#"<p role="status" class="done">{}</p>{}"#,
                words.is_over,
                back(payment, words)
            )
        }
        Some((reference, is_cash)) => format!(
            "{}{}{}",
            voucher_text(&reference, is_cash, words),
            back(payment, words),
            simulation(payment, if is_cash { words.at_store } else { words.at_bank }, words)
        ),
        None => format!(
            "{}{}{}",
            methods(payment, words),
            back(payment, words),
            simulation(payment, words.without_card, words)
        ),
    };
    let summary = format!(
        r#"<section class="due"><p>{}</p><p class="amount">{}</p></section>"#,
        escape(&payment.description),
        amount(payment)
    );
    page(words, "", &format!("{summary}{}{body}", alert.unwrap_or_default()))
}

/// The allowed ways to pay, the first one open.
fn methods(payment: &Payment, words: &Words) -> String {
    let allowed = payment
        .extra
        .get("checkout")
        .and_then(|checkout| checkout.get("allowed_payment_methods"));
    let is_allowed = |name: &str| {
        allowed
            .and_then(serde_json::Value::as_array)
            .is_some_and(|methods| methods.iter().any(|method| method == name))
    };
    let token = escape(&payment.token);
    let card = format!(
        r#"<form method="post" action="/checkout/{token}/card">
<label>{} <input name="number" inputmode="numeric" autocomplete="cc-number" maxlength="23" required placeholder="4242 4242 4242 4242"></label>
<label>{} <input name="name" autocomplete="cc-name" maxlength="60" required></label>
<div class="row"><label>{} <input name="exp" inputmode="numeric" autocomplete="cc-exp" maxlength="5" required placeholder="08/30"></label>
<label>CVC <input name="cvc" inputmode="numeric" autocomplete="cc-csc" maxlength="4" required placeholder="123"></label></div>
<button class="main">{} {}</button></form>
<p class="small">{}</p>"#,
        words.number,
        words.holder,
        words.expiry,
        words.pay,
        amount(payment),
        words.test_cards,
    );
    let ask = |path: &str, says: &str, button: &str| {
        format!(
            r#"<p>{says}</p><form method="post" action="/checkout/{token}/{path}"><button class="main">{button}</button></form>"#
        )
    };
    let sections = [
        ("card", words.card, card),
        ("cash", words.cash, ask("cash", words.cash_says, words.take_reference)),
        (
            "bank_transfer",
            words.transfer,
            ask("transfer", words.transfer_says, words.take_account),
        ),
    ];
    let mut open = " open";
    let mut shown = Vec::new();
    for (id, title, inner) in sections {
        if is_allowed(id) {
            shown.push(format!(
                r#"<details name="method" id="{id}"{open}><summary>{title}</summary>{inner}</details>"#
            ));
            open = "";
        }
    }
    shown.join("\n")
}

fn voucher_text(reference: &str, is_cash: bool, words: &Words) -> String {
    let (title, says) = if is_cash {
        (words.cash_ready, words.cash_then)
    } else {
        (words.transfer_ready, words.transfer_then)
    };
    format!(
        r#"<section class="voucher" role="status"><h2>{title}</h2><p class="reference">{}</p><p>{says}</p></section>"#,
        escape(reference)
    )
}

fn back(payment: &Payment, words: &Words) -> String {
    let url = payment.return_url.as_deref();
    url.map_or_else(String::new, |url| {
        format!(r#"<p><a href="{}">{}</a></p>"#, escape(url), words.go_back)
    })
}

/// What only a simulation offers.
fn simulation(payment: &Payment, title: &str, words: &Words) -> String {
    let button = |(choice, label): &(Choice, &str)| {
        format!(r#"<button name="choice" value="{}">{label}</button>"#, choice.as_str())
    };
    let buttons: Vec<_> = words.choices.iter().map(button).collect();
    format!(
        r#"<form method="post" action="/checkout/{}" class="simulation"><h2>{title}</h2>{}</form>"#,
        escape(&payment.token),
        buttons.join("\n")
    )
}

/// The issuer's page, on a host of its own in the real world.
fn challenge(payment: &Payment, words: &Words) -> Reply {
    let body = format!(
        r#"<section class="due"><p>{}</p><p class="amount">{}</p></section>
<form method="post" action="/3ds/{}">
<label>{} <input name="otp" inputmode="numeric" autocomplete="one-time-code" maxlength="8"></label>
<button class="main">{}</button>
<button name="cancel" value="1">{}</button></form>
<p class="small">{}</p>"#,
        words.bank_says,
        amount(payment),
        escape(&payment.token),
        words.otp,
        words.confirm,
        words.cancel,
        words.otp_hint,
    );
    page(words, words.bank, &body)
}

fn unknown(words: &Words) -> Reply {
    let mut reply = page(words, "", &format!("<p>{}</p>", words.no_payment));
    reply.status = StatusCode::NOT_FOUND;
    reply
}

fn page(words: &Words, place: &str, body: &str) -> Reply {
    let title = if place.is_empty() { "Conekta" } else { place };
    pages::sheet((words.lang, words.simulation), STYLE, title, body)
}

/// 13 to 19 digits with a right check digit.
fn is_card_number(number: &str) -> bool {
    let digits: Option<Vec<_>> = number.chars().map(|c| c.to_digit(10)).collect();
    digits.is_some_and(|digits| {
        let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
        let sum: u32 = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(place, digit)| if place % 2 == 1 { doubled(*digit) } else { *digit })
            .sum();
        (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
    })
}

fn words_of(request: &Request) -> &'static Words {
    if language_of(request) == Language::En {
        &ENGLISH
    } else {
        &SPANISH
    }
}

struct Words {
    lang: &'static str,
    simulation: &'static str,
    card: &'static str,
    number: &'static str,
    holder: &'static str,
    expiry: &'static str,
    pay: &'static str,
    test_cards: &'static str,
    cash: &'static str,
    cash_says: &'static str,
    take_reference: &'static str,
    cash_ready: &'static str,
    cash_then: &'static str,
    transfer: &'static str,
    transfer_says: &'static str,
    take_account: &'static str,
    transfer_ready: &'static str,
    transfer_then: &'static str,
    bank: &'static str,
    bank_says: &'static str,
    otp: &'static str,
    otp_hint: &'static str,
    confirm: &'static str,
    cancel: &'static str,
    is_over: &'static str,
    go_back: &'static str,
    no_payment: &'static str,
    without_card: &'static str,
    at_store: &'static str,
    at_bank: &'static str,
    choices: [(Choice, &'static str); 6],
    errors: [(&'static str, &'static str); 4],
}

impl Words {
    fn error(&self, code: &str) -> Option<&'static str> {
        self.errors
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, says)| *says)
    }
}

const SPANISH: Words = Words {
    lang: "es",
    simulation: "simulación",
    card: "Tarjeta",
    number: "Número de tarjeta",
    holder: "Nombre del titular",
    expiry: "Vencimiento",
    pay: "Pagar",
    test_cards: "Prueba: 4242\u{a0}4242\u{a0}4242\u{a0}4242 paga; 4000\u{a0}0000\u{a0}0000\u{a0}0002 es rechazada; 4000\u{a0}0000\u{a0}0000\u{a0}0127 no tiene fondos; 4000\u{a0}0000\u{a0}0000\u{a0}1091 pide el código del banco.",
    cash: "Efectivo",
    cash_says: "Le damos una referencia para pagar en la caja de una tienda.",
    take_reference: "Generar referencia",
    cash_ready: "Su referencia OXXO",
    cash_then: "Dicte este número en la caja. El pago se confirma solo.",
    transfer: "Transferencia SPEI",
    transfer_says: "Le damos una CLABE para pagar desde la app de su banco.",
    take_account: "Generar CLABE",
    transfer_ready: "Su CLABE (banco STP)",
    transfer_then: "Transfiera el monto exacto. El pago se confirma solo.",
    bank: "Banco Demo",
    bank_says: "Confirme esta compra",
    otp: "Código recibido por mensaje",
    otp_hint: "El código de prueba es 1234.",
    confirm: "Confirmar",
    cancel: "Cancelar",
    is_over: "Este pago ya está hecho.",
    go_back: "Volver al comercio",
    no_payment: "Este pago no existe.",
    without_card: "Simulación: sin llenar nada",
    at_store: "Simulación: en la caja de la tienda",
    at_bank: "Simulación: en la app del banco",
    choices: [
        (Choice::Pay, "Pagar"),
        (Choice::Decline, "Rechazar"),
        (Choice::PaySilently, "Pagar; el aviso nunca llega"),
        (Choice::PayTwice, "Pagar; el aviso llega dos veces"),
        (Choice::PayLate, "Pagar; el aviso llega tarde"),
        (Choice::PayBadSignature, "Pagar; el aviso viene mal firmado"),
    ],
    errors: [
        ("card_invalid", "Revise los datos de la tarjeta."),
        ("card_declined", "La tarjeta fue rechazada. Pruebe con otra."),
        ("insufficient_funds", "La tarjeta no tiene fondos suficientes."),
        ("three_ds_failed", "El banco no pudo confirmar la compra."),
    ],
};

const ENGLISH: Words = Words {
    lang: "en",
    simulation: "simulation",
    card: "Card",
    number: "Card number",
    holder: "Name on the card",
    expiry: "Expiry",
    pay: "Pay",
    test_cards: "Test: 4242\u{a0}4242\u{a0}4242\u{a0}4242 pays; 4000\u{a0}0000\u{a0}0000\u{a0}0002 is declined; 4000\u{a0}0000\u{a0}0000\u{a0}0127 has no funds; 4000\u{a0}0000\u{a0}0000\u{a0}1091 asks for the bank’s code.",
    cash: "Cash",
    cash_says: "You get a reference to pay at a store’s till.",
    take_reference: "Get a reference",
    cash_ready: "Your OXXO reference",
    cash_then: "Read this number out at the till. The payment confirms itself.",
    transfer: "SPEI transfer",
    transfer_says: "You get an account number (CLABE) to pay from your bank’s app.",
    take_account: "Get a CLABE",
    transfer_ready: "Your CLABE (bank STP)",
    transfer_then: "Transfer the exact amount. The payment confirms itself.",
    bank: "Banco Demo",
    bank_says: "Confirm this purchase",
    otp: "Code you received",
    otp_hint: "The test code is 1234.",
    confirm: "Confirm",
    cancel: "Cancel",
    is_over: "This payment is done.",
    go_back: "Back to the merchant",
    no_payment: "This payment does not exist.",
    without_card: "Simulation: without filling anything in",
    at_store: "Simulation: at the store’s till",
    at_bank: "Simulation: in the bank’s app",
    choices: [
        (Choice::Pay, "Pay"),
        (Choice::Decline, "Decline"),
        (Choice::PaySilently, "Pay; the webhook never comes"),
        (Choice::PayTwice, "Pay; the webhook comes twice"),
        (Choice::PayLate, "Pay; the webhook comes late"),
        (Choice::PayBadSignature, "Pay; the webhook is badly signed"),
    ],
    errors: [
        ("card_invalid", "Check the card’s details."),
        ("card_declined", "The card was declined. Try another one."),
        ("insufficient_funds", "The card has not enough funds."),
        ("three_ds_failed", "The bank could not confirm the purchase."),
    ],
};

/// Paid at once, the last one after 3-D Secure without a question.
const PAYING: [&str; 3] = ["4242424242424242", "5555555555554444", "4000000000002701"];
const WITHOUT_FUNDS: &str = "4000000000000127";
const CHALLENGED: &str = "4000000000001091";
const OTP: &str = "1234";

const STYLE: &str = ":root{color-scheme:light dark;--ink:#081133;--soft:#585987;--line:#d6d9e8;--paper:#fff;--ground:#f3f4fa;--main:#1b1e4b;--on:#fff;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#eceefb;--soft:#a9aed0;--line:#343a5e;--paper:#171a33;--ground:#0d0f20;--main:#c3c8ff;--on:#0d0f20;--bad:#ffb4ab}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;overflow-wrap:break-word}
main{max-width:27rem;margin:0 auto;padding:.75rem 1rem 2rem}
h1{font-size:1.25rem;margin:.25rem 0 .75rem;display:flex;align-items:center;gap:.6rem}
h1 span{font-size:.75rem;font-weight:600;color:var(--soft);border:1px solid var(--line);border-radius:.25rem;padding:.1rem .6rem}
h2{font-size:.875rem;font-weight:600;color:var(--soft);margin:0 0 .5rem}
p{margin:.5rem 0}a{color:var(--main)}
.due,.voucher,details{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem;margin-bottom:.6rem}
.due p{margin:.1rem 0}.amount{font-size:1.6rem;font-weight:700}.small{font-size:.8125rem;color:var(--soft)}
.reference{font:700 1.4rem/1.2 ui-monospace,monospace;letter-spacing:.04em}
[role=alert]{color:var(--bad);font-weight:600}
summary{font-weight:600;cursor:pointer;min-height:1.75rem}
label{display:block;margin:.5rem 0;font-size:.875rem}
input{font:inherit;width:100%;min-height:2.75rem;margin-top:.15rem;padding:.4rem .6rem;border:1px solid var(--line);border-radius:.4rem;background:var(--ground);color:inherit}
.row{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
button{font:inherit;width:100%;min-height:2.75rem;margin:.25rem 0;border:1px solid var(--line);border-radius:.4rem;background:var(--paper);color:inherit;cursor:pointer}
button.main{background:var(--main);border-color:var(--main);color:var(--on);font-weight:700}
.simulation{margin-top:1.25rem;padding-top:.75rem;border-top:1px dashed var(--line)}
button:focus-visible,a:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid var(--main);outline-offset:2px}";
