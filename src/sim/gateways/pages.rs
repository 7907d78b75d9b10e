//! The pages on which the buyer decides: the hosted pay page, and FeexPay's phone. Plain forms, no script
//! needed, no outside asset; in French or English.

use std::sync::Arc;

use http::{Method, StatusCode};

use super::super::http::{Reply, Request};
use super::super::portal::page::{grouped, language_of};
use super::desk::{Desk, Payment};
use super::{Choice, Kind, SimStatus, conekta_pages, fedapay, feexpay, mercadopago};
use crate::company::Language;
use crate::html::escape;

/// Answers a page's address; `None` for the API.
pub fn answer(desk: &Arc<Desk>, request: &Request) -> Option<Reply> {
    if matches!(desk.kind, Kind::Conekta(_))
        && let Some(reply) = conekta_pages::answer(desk, request)
    {
        return Some(reply);
    }
    if let Kind::Mercadopago(_) = desk.kind
        && let Some(reply) = mercadopago::page(desk, request)
    {
        return Some(reply);
    }
    let words = words_of(desk, request);
    let segments = request.segments();
    match (&request.method, segments.as_slice()) {
        (&Method::GET, ["pay", token]) => Some(match desk.by_token(token) {
            Some(payment) => pay_page(desk, &payment, words),
            None => unknown(words),
        }),
        (&Method::POST, ["pay", token]) => Some(decide(desk, token, request, words)),
        (&Method::GET, ["phone"]) if matches!(desk.kind, Kind::Feexpay(_)) => Some(phone(desk, words)),
        (&Method::GET, []) => Some(overview(desk, words)),
        (&Method::GET, ["favicon.ico"]) => Some(Reply::text(StatusCode::NOT_FOUND, "")),
        _ => None,
    }
}

fn decide(desk: &Arc<Desk>, token: &str, request: &Request, words: &Words) -> Reply {
    let choice = request.form_value("choice").as_deref().and_then(Choice::from_text);
    let (Some(payment), Some(choice)) = (desk.by_token(token), choice) else {
        return unknown(words);
    };
    if !payment.is_open() {
        return pay_page(desk, &payment, words);
    }
    let Some(errands) = desk.decide(token, choice) else {
        return unknown(words);
    };
    desk.sender.spawn(desk, errands);
    match desk.by_token(token) {
        Some(payment) => send_back(desk, &payment, words),
        None => unknown(words),
    }
}

/// Where the browser goes after the decision.
fn send_back(desk: &Desk, payment: &Payment, words: &Words) -> Reply {
    let is_push = matches!(desk.kind, Kind::Feexpay(_)) && !feexpay::is_redirect(payment.extra_text("network"));
    match (&desk.kind, &payment.return_url) {
        _ if is_push => Reply::see_other("/phone"),
        (_, None) => page(words, words.done, &format!("<p>{}</p>", words.close)),
        (Kind::Fedapay(_), Some(url)) => {
            let separator = if url.contains('?') { '&' } else { '?' };
            Reply::see_other(&format!(
                "{url}{separator}id={}&status={}",
                payment.id,
                fedapay::word(&payment.status)
            ))
        }
        (Kind::CinetpayV2(_), Some(url)) => return_by_post(url, payment, words),
        (_, Some(url)) => Reply::see_other(url),
    }
}

/// CinetPay brings the browser back by POST; the button serves where scripts do not run.
fn return_by_post(url: &str, payment: &Payment, words: &Words) -> Reply {
    let body = format!(
        r#"<p role="status">{}…</p>
<form method="post" action="{}">
<input type="hidden" name="transaction_id" value="{}">
<input type="hidden" name="token" value="{}">
<button class="main">{}</button>
</form>
<script>document.forms[0].submit()</script>"#,
        words.going_back,
        escape(url),
        escape(&payment.order),
        escape(&payment.token),
        words.go_back,
    );
    page(words, words.going_back, &body)
}

fn pay_page(desk: &Desk, payment: &Payment, words: &Words) -> Reply {
    let summary = format!(
        r#"<section class="due"><p>{}</p><p class="amount">{}</p><p class="small">{} {}</p></section>"#,
        escape(&payment.description),
        amount(payment),
        words.reference,
        escape(&payment.order),
    );
    let body = if payment.is_open() {
        format!("{summary}{}", form(payment, words))
    } else {
        let back = payment
            .return_url
            .as_deref()
            .map(|url| format!(r#"<p><a href="{}">{}</a></p>"#, escape(url), words.go_back));
        format!(
            r#"{summary}<p role="status">{}</p>{}"#,
            words.is_over,
            back.unwrap_or_default()
        )
    };
    page(words, title(desk), &body)
}

/// The pushes that wait on the buyer's phone; while there is none, the page looks again by itself.
fn phone(desk: &Desk, words: &Words) -> Reply {
    let payments = desk.state().payments.clone();
    let waiting: Vec<_> = payments
        .iter()
        .filter(|payment| payment.status == SimStatus::Pending && !feexpay::is_redirect(payment.extra_text("network")))
        .map(|payment| {
            format!(
                r#"<section class="due"><p>{} {}</p><p class="amount">{}</p><p>{}</p></section>{}"#,
                words.asks,
                escape(payment.extra_text("phone")),
                amount(payment),
                escape(&payment.description),
                form(payment, words),
            )
        })
        .collect();
    let body = if waiting.is_empty() {
        format!(
            r#"<meta http-equiv="refresh" content="3"><section class="due"><p role="status">{}</p><p class="small">{}</p></section>"#,
            words.no_request, words.request_comes
        )
    } else {
        waiting.join("\n")
    };
    page(words, words.phone, &body)
}

fn overview(desk: &Desk, words: &Words) -> Reply {
    let payments = desk.state().payments.clone();
    let rows: Vec<_> = payments
        .iter()
        .map(|payment| {
            format!(
                r#"<tr><td><a href="/pay/{}">{}</a></td><td>{}</td><td>{}</td></tr>"#,
                escape(&payment.token),
                escape(if payment.order.is_empty() {
                    &payment.id
                } else {
                    &payment.order
                }),
                amount(payment),
                escape(fedapay::word(&payment.status)),
            )
        })
        .collect();
    let phone = if matches!(desk.kind, Kind::Feexpay(_)) {
        format!(r#"<p><a href="/phone">{}</a></p>"#, words.phone)
    } else {
        String::new()
    };
    let table = format!(
        "<table><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>{}</tbody></table>{phone}",
        words.reference,
        words.amount,
        words.state,
        rows.join("\n")
    );
    page(words, title(desk), &table)
}

/// What every buyer may do, then what only a simulation offers.
fn form(payment: &Payment, words: &Words) -> String {
    let button = |(choice, label): &(Choice, &str)| {
        format!(
            r#"<p><button name="choice" value="{}">{label}</button></p>"#,
            choice.as_str()
        )
    };
    let buttons = |choices: &[(Choice, &str)]| choices.iter().map(button).collect::<Vec<_>>().join("\n");
    format!(
        r#"<form method="post" action="/pay/{}">{}<h2>{}</h2>{}</form>"#,
        escape(&payment.token),
        buttons(&words.decisions),
        words.faults_title,
        buttons(&words.faults),
    )
}

pub(super) fn amount(payment: &Payment) -> String {
    format!(
        "{}\u{a0}{}",
        escape(&grouped(&payment.amount)),
        escape(&payment.currency)
    )
}

fn title(desk: &Desk) -> &'static str {
    match desk.kind {
        Kind::Fedapay(_) => "FedaPay",
        Kind::CinetpayV2(_) | Kind::CinetpayV1(_) => "CinetPay",
        Kind::Feexpay(_) => "FeexPay",
        Kind::Conekta(_) => "Conekta",
        Kind::Mercadopago(_) => "Mercado Pago",
    }
}

pub fn unknown(words: &Words) -> Reply {
    let mut reply = page(words, words.not_found, &format!("<p>{}</p>", words.no_payment));
    reply.status = StatusCode::NOT_FOUND;
    reply
}

/// A whole page in the look of most of them.
pub fn page(words: &Words, title: &str, body: &str) -> Reply {
    sheet((words.lang, words.simulation), STYLE, title, body)
}

/// A whole page that says what it is, in a language's word for it.
pub fn sheet((lang, simulation): (&str, &str), style: &str, title: &str, body: &str) -> Reply {
    let title = escape(title);
    Reply::html(
        StatusCode::OK,
        format!(
            r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · {simulation}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>{title} <span>{simulation}</span></h1>
{body}
</main>
</body>
</html>
"#
        ),
    )
}

/// In English, or in what most of the gateway's buyers speak.
pub fn words_of(desk: &Desk, request: &Request) -> &'static Words {
    match desk.kind {
        _ if language_of(request) == Language::En => &ENGLISH,
        Kind::Conekta(_) | Kind::Mercadopago(_) => &SPANISH,
        _ => &FRENCH,
    }
}

pub struct Words {
    lang: &'static str,
    simulation: &'static str,
    reference: &'static str,
    amount: &'static str,
    state: &'static str,
    phone: &'static str,
    asks: &'static str,
    no_request: &'static str,
    request_comes: &'static str,
    is_over: &'static str,
    done: &'static str,
    close: &'static str,
    going_back: &'static str,
    go_back: &'static str,
    not_found: &'static str,
    no_payment: &'static str,
    decisions: [(Choice, &'static str); 2],
    faults_title: &'static str,
    faults: [(Choice, &'static str); 4],
}

const FRENCH: Words = Words {
    lang: "fr",
    simulation: "simulation",
    reference: "Référence",
    amount: "Montant",
    state: "État",
    phone: "Mobile money",
    asks: "FeexPay demande un paiement au",
    no_request: "Aucune demande en attente.",
    request_comes: "Payez un forfait par FeexPay : la demande s’affiche ici, comme sur votre téléphone. Après votre choix, la page d’achat continue toute seule.",
    is_over: "Ce paiement est terminé.",
    done: "Terminé",
    close: "Vous pouvez fermer cette page.",
    going_back: "Retour au marchand",
    go_back: "Retourner chez le marchand",
    not_found: "Introuvable",
    no_payment: "Ce paiement n’existe pas.",
    decisions: [(Choice::Pay, "Payer"), (Choice::Decline, "Refuser")],
    faults_title: "Essayer une panne : payer, et la notification au relais…",
    faults: [
        (Choice::PaySilently, "ne vient jamais"),
        (Choice::PayTwice, "vient deux fois"),
        (Choice::PayLate, "vient en retard"),
        (Choice::PayBadSignature, "est mal signée"),
    ],
};

/// FeexPay's words are on its own page alone, which nobody reads in Spanish.
const SPANISH: Words = Words {
    lang: "es",
    simulation: "simulación",
    reference: "Referencia",
    amount: "Monto",
    state: "Estado",
    is_over: "Este pago ya terminó.",
    done: "Listo",
    close: "Puede cerrar esta página.",
    going_back: "De vuelta al comercio",
    go_back: "Volver al comercio",
    not_found: "No encontrado",
    no_payment: "Este pago no existe.",
    decisions: [(Choice::Pay, "Pagar"), (Choice::Decline, "Rechazar")],
    faults_title: "Probar una falla: pagar, y el aviso al relevo…",
    faults: [
        (Choice::PaySilently, "nunca llega"),
        (Choice::PayTwice, "llega dos veces"),
        (Choice::PayLate, "llega tarde"),
        (Choice::PayBadSignature, "viene mal firmado"),
    ],
    ..ENGLISH
};

const ENGLISH: Words = Words {
    lang: "en",
    simulation: "simulation",
    reference: "Reference",
    amount: "Amount",
    state: "State",
    phone: "Mobile money",
    asks: "FeexPay asks for a payment from",
    no_request: "No request is waiting.",
    request_comes: "Pay for a plan through FeexPay: the request shows up here, as it would on your phone. After your choice the purchase page goes on by itself.",
    is_over: "This payment is over.",
    done: "Done",
    close: "You may close this page.",
    going_back: "Back to the merchant",
    go_back: "Go back to the merchant",
    not_found: "Not found",
    no_payment: "This payment does not exist.",
    decisions: [(Choice::Pay, "Pay"), (Choice::Decline, "Decline")],
    faults_title: "Try a fault: pay, and the webhook to the relay…",
    faults: [
        (Choice::PaySilently, "never comes"),
        (Choice::PayTwice, "comes twice"),
        (Choice::PayLate, "comes late"),
        (Choice::PayBadSignature, "is badly signed"),
    ],
};

const STYLE: &str = ":root{color-scheme:light dark;--ink:#171a2b;--soft:#5c6178;--line:#d9dce8;--paper:#fff;--ground:#eef0f7;--main:#2f3fb0;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e9ebf7;--soft:#a7adc6;--line:#343a57;--paper:#1a1e33;--ground:#10131f;--main:#9aa8ff;--on:#0d1130}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;overflow-wrap:break-word}
main{max-width:27rem;margin:0 auto;padding:.75rem 1rem 2rem}
h1{font-size:1.25rem;margin:.25rem 0 .75rem;display:flex;align-items:center;gap:.6rem}
h1 span{font-size:.75rem;font-weight:600;color:var(--soft);border:1px solid var(--line);border-radius:1rem;padding:.1rem .6rem}
h2{font-size:.875rem;font-weight:600;color:var(--soft);margin:1.25rem 0 .5rem}
p{margin:.5rem 0}a{color:var(--main)}
.due{background:var(--paper);border:1px solid var(--line);border-radius:1rem;padding:.75rem 1rem;margin-bottom:.9rem}
.due p{margin:.15rem 0}.amount{font-size:1.6rem;font-weight:700}.small{font-size:.875rem;color:var(--soft)}
button{font:inherit;width:100%;min-height:2.9rem;border:1px solid var(--line);border-radius:.75rem;background:var(--paper);color:inherit;cursor:pointer}
button[value=pay],button.main{background:var(--main);border-color:var(--main);color:var(--on);font-weight:700}
button:focus-visible,a:focus-visible{outline:3px solid var(--main);outline-offset:2px}
table{width:100%;border-collapse:collapse;font-size:.9rem}td,th{text-align:left;padding:.3rem .5rem .3rem 0}";
