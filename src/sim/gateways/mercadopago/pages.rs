//! The hosted page: a card whose holder's name decides, the bank's 3-D Secure page, tickets and transfers that are
//! paid later, the wallet's balance, a review that ends when the visitor says so. Plain forms, no script.

use std::sync::Arc;

use http::{Method, StatusCode};

use super::super::super::http::{Reply, Request};
use super::super::desk::{Desk, Payment};
use super::super::pages::{amount, page, unknown, words_of};
use super::super::{Choice, SimStatus};
use super::books::{self, Means, Try};
use super::texts::{Texts, texts_of};
use super::{SITE_ID, checkout, notices, orders, payments};
use crate::html::escape;

/// Answers a page's address; `None` for the API and for what all gateways have.
pub fn answer(desk: &Arc<Desk>, request: &Request) -> Option<Reply> {
    let segments = request.segments();
    let view = View {
        desk,
        request,
        texts: texts_of(request),
    };
    let by_token = |token: &str| desk.by_token(token);
    let reply = match (&request.method, segments.as_slice()) {
        (&Method::GET, ["checkout", "v1", "redirect"]) => view.on(named(desk, request), View::pay_page),
        (&Method::GET, ["pay", token]) => view.on(by_token(token), View::pay_page),
        (&Method::POST, ["pay", token]) => view.on(by_token(token), View::pay),
        (&Method::GET, ["3ds", token]) => view.on(by_token(token), View::bank_page),
        (&Method::POST, ["3ds", token]) => view.on(by_token(token), View::pass_bank),
        (&Method::POST, ["review", token]) => view.on(by_token(token), View::end_review),
        (&Method::GET, ["ticket", id]) => view.on_try(id, View::ticket),
        (&Method::POST, ["ticket", id]) => view.on_try(id, View::pay_ticket),
        _ => return None,
    };
    Some(reply)
}

/// The checkout that a link of the API means.
fn named(desk: &Desk, request: &Request) -> Option<Payment> {
    let id = request
        .query_value("pref_id")
        .or_else(|| request.query_value("order_id"))?;
    let state = desk.state();
    state.payments.iter().find(|payment| payment.id == id).cloned()
}

/// One visit.
struct View<'a> {
    desk: &'a Arc<Desk>,
    request: &'a Request,
    texts: &'static Texts,
}

impl View<'_> {
    fn on(&self, checkout: Option<Payment>, show: impl Fn(&Self, &Payment) -> Reply) -> Reply {
        match checkout {
            Some(checkout) => show(self, &checkout),
            None => unknown(words_of(self.request)),
        }
    }

    fn on_try(&self, id: &str, show: impl Fn(&Self, &Try, &Payment) -> Reply) -> Reply {
        match books::by_id(self.desk, id) {
            Some((found, checkout)) => show(self, &found, &checkout),
            None => unknown(words_of(self.request)),
        }
    }

    /// The form, or what became of the payment.
    fn pay_page(&self, checkout: &Payment) -> Reply {
        let last = books::tries_of(self.desk, checkout).pop();
        let (status, detail) = match &last {
            Some(last) => last.words(checkout),
            None => (String::new(), String::new()),
        };
        match (status.as_str(), detail.as_str(), last) {
            ("" | "cancelled", _, _) if checkout::is_over(checkout) => self.say(checkout, self.texts.expired, ""),
            ("" | "cancelled", _, _) => self.form_page(checkout, ""),
            ("rejected", detail, _) => self.form_page(checkout, &self.refusal(checkout, detail)),
            ("pending", "pending_challenge", _) => Reply::see_other(&format!("/3ds/{}", checkout.token)),
            ("pending", _, Some(last)) => self.ticket(&last, checkout),
            ("in_process", _, _) => self.review_page(checkout),
            _ => self.say(checkout, self.texts.is_over, &self.way_back(checkout, "success")),
        }
    }

    fn form_page(&self, checkout: &Payment, notice: &str) -> Reply {
        let t = self.texts;
        let means = |value: &str, label: &str, hint: &str| {
            format!(r#"<button name="method" value="{value}">{label}<br><span class="small">{hint}</span></button>"#)
        };
        let holders: String = t
            .holders
            .iter()
            .map(|(name, meaning)| format!(r#"<option value="{name}">{name} – {meaning}</option>"#))
            .collect();
        let form = format!(
            r#"{notice}<form method="post" action="/pay/{token}">
<h2>{by_card}</h2>
<p><label for="number">{number}</label><input id="number" name="number" inputmode="numeric" autocomplete="off" value="4075 5957 1648 3764"></p>
<p class="pair"><span><label for="expiry">{expiry}</label><input id="expiry" name="expiry" autocomplete="off" value="11/30"></span>
<span><label for="code">CVV</label><input id="code" name="code" inputmode="numeric" autocomplete="off" value="123"></span></p>
<p><label for="holder">{holder}</label><select id="holder" name="holder">{holders}</select></p>
<p><label class="check"><input type="checkbox" name="challenge" value="yes"> {challenge}</label></p>
<p><button class="main" name="method" value="card">{pay} {amount}</button></p>
<h2>{other_ways}</h2>
<p>{oxxo}</p><p>{spei}</p><p>{balance}</p>
{faults}</form>"#,
            token = escape(&checkout.token),
            by_card = t.by_card,
            number = t.number,
            expiry = t.expiry,
            holder = t.holder,
            challenge = t.challenge,
            pay = t.pay,
            amount = amount(checkout),
            other_ways = t.other_ways,
            oxxo = means("oxxo", "OXXO", t.oxxo_hint),
            spei = means("spei", "SPEI", t.spei_hint),
            balance = means("account_money", t.balance, t.balance_hint),
            faults = self.faults(),
        );
        self.frame(checkout, &format!("{form}{}", self.way_back(checkout, "failure")))
    }

    /// The buyer's button.
    fn pay(&self, checkout: &Payment) -> Reply {
        if !checkout.is_open() || checkout::is_over(checkout) {
            return self.pay_page(checkout);
        }
        let value = |name| self.request.form_value(name).unwrap_or_default();
        let means = match value("method").as_str() {
            "card" => Means::Card,
            "oxxo" => Means::Oxxo,
            "spei" => Means::Spei,
            "account_money" => Means::Balance,
            _ => return self.pay_page(checkout),
        };
        let (status, detail) = match means {
            Means::Card if value("challenge") == "yes" => {
                // The bank's page comes first; the name decides after it.
                (
                    SimStatus::Word("pending/pending_challenge".to_owned()),
                    Some(value("holder")),
                )
            }
            Means::Card => books::outcome_of(&value("holder")),
            Means::Balance => (SimStatus::Paid, None),
            Means::Oxxo | Means::Spei => (SimStatus::Pending, None),
        };
        books::attempt(self.desk, &checkout.token, means, status.clone(), detail);
        let steps: &[&str] = match status {
            SimStatus::Paid | SimStatus::Declined => &["created", "updated"],
            _ => &["created"],
        };
        self.tell(checkout, steps);
        self.go_on(checkout)
    }

    fn bank_page(&self, checkout: &Payment) -> Reply {
        let t = self.texts;
        let body = format!(
            r#"<section class="due"><p>{}</p></section><form method="post" action="/3ds/{}">
<p><label for="otp">{}</label><input id="otp" name="otp" inputmode="numeric" autocomplete="off" value="1234"></p>
<p><button class="main" name="decision" value="confirm">{}</button></p>
<p><button name="decision" value="cancel">{}</button></p>{}</form>"#,
            t.bank_asks,
            escape(&checkout.token),
            t.bank_code,
            t.confirm,
            t.cancel,
            self.faults(),
        );
        self.frame(checkout, &body)
    }

    fn pass_bank(&self, checkout: &Payment) -> Reply {
        let last = books::tries_of(self.desk, checkout).pop();
        let Some(last) = last.filter(|last| last.words(checkout).1 == "pending_challenge") else {
            return self.pay_page(checkout);
        };
        let confirmed = self.request.form_value("decision").as_deref() == Some("confirm");
        let (status, detail) = if confirmed {
            books::outcome_of(last.detail.as_deref().unwrap_or_default())
        } else {
            (SimStatus::Declined, Some("cc_rejected_3ds_challenge".to_owned()))
        };
        books::set_detail(self.desk, last.id, detail);
        books::set_status(self.desk, last.id, status);
        self.tell(checkout, &["updated"]);
        self.go_on(checkout)
    }

    fn review_page(&self, checkout: &Payment) -> Reply {
        let t = self.texts;
        let controls = format!(
            r#"<form method="post" action="/review/{}"><h2>{}</h2>
<p><button class="main" name="decision" value="approve">{}</button></p>
<p><button name="decision" value="reject">{}</button></p>{}</form>{}"#,
            escape(&checkout.token),
            t.control,
            t.approve,
            t.reject,
            self.faults(),
            self.way_back(checkout, "pending"),
        );
        self.say(checkout, t.in_review, &controls)
    }

    fn end_review(&self, checkout: &Payment) -> Reply {
        let last = books::tries_of(self.desk, checkout).pop();
        let Some(last) = last.filter(|last| last.words(checkout).0 == "in_process") else {
            return self.pay_page(checkout);
        };
        let status = match self.request.form_value("decision").as_deref() {
            Some("approve") => SimStatus::Paid,
            _ => {
                books::set_detail(self.desk, last.id, Some("cc_rejected_high_risk".to_owned()));
                SimStatus::Declined
            }
        };
        books::set_status(self.desk, last.id, status);
        self.tell(checkout, &["updated"]);
        self.go_on(checkout)
    }

    /// What is shown at the store or typed into the bank's app, with the store's button.
    fn ticket(&self, found: &Try, checkout: &Payment) -> Reply {
        let t = self.texts;
        if found.words(checkout).0 != "pending" {
            return self.say(checkout, t.is_over, &self.way_back(checkout, "success"));
        }
        let (words, control) = match found.means {
            Means::Spei => (t.transfer_to, t.transfer_now),
            _ => (t.show_at_store, t.pay_at_store),
        };
        let body = format!(
            r#"<section class="due"><p>{words}</p><p class="reference">{reference}</p><p class="small">{until} {end}</p></section>
<form method="post" action="/ticket/{id}"><h2>{title}</h2><p><button class="main" name="decision" value="pay">{control}</button></p>
{faults}</form>{back}"#,
            reference = payments::reference_of(found),
            until = t.valid_until,
            end = payments::voucher_ends(found).strftime("%Y-%m-%d %H:%M"),
            id = found.id,
            title = t.control,
            faults = self.faults(),
            back = self.way_back(checkout, "pending"),
        );
        self.frame(checkout, &body)
    }

    fn pay_ticket(&self, found: &Try, checkout: &Payment) -> Reply {
        if found.words(checkout).0 == "pending" {
            books::set_status(self.desk, found.id, SimStatus::Paid);
            self.tell(checkout, &["updated"]);
        }
        self.on_try(&found.id.to_string(), View::ticket)
    }

    /// Sends the notifications as the visitor chose.
    fn tell(&self, checkout: &Payment, steps: &[&str]) {
        let choice = self.request.form_value("choice");
        let choice = choice.as_deref().and_then(Choice::from_text).unwrap_or(Choice::Pay);
        let errands = notices::errands(self.desk, &checkout.token, choice, steps);
        self.desk.sender.spawn(self.desk, errands);
    }

    /// Back to the merchant when it is paid, else to what there is to do.
    fn go_on(&self, checkout: &Payment) -> Reply {
        let Some(now) = self.desk.by_token(&checkout.token) else {
            return unknown(words_of(self.request));
        };
        match (&now.status, self.back_url(&now, "success")) {
            (SimStatus::Paid, Some(url)) => Reply::see_other(&url),
            _ => Reply::see_other(&format!("/pay/{}", checkout.token)),
        }
    }

    fn refusal(&self, checkout: &Payment, detail: &str) -> String {
        format!(
            r#"<p class="bad" role="alert">{} <span class="small">({})</span></p>{}"#,
            self.texts.refused,
            escape(detail),
            self.way_back(checkout, "failure"),
        )
    }

    fn faults(&self) -> String {
        let t = self.texts;
        let options: String = t
            .notices
            .iter()
            .map(|(choice, label)| format!(r#"<option value="{}">{label}</option>"#, choice.as_str()))
            .collect();
        format!(
            r#"<h2>{}</h2><p><label for="choice">{}</label><select id="choice" name="choice">{options}</select></p>"#,
            t.fault_title, t.fault_label
        )
    }

    fn say(&self, checkout: &Payment, sentence: &str, more: &str) -> Reply {
        self.frame(checkout, &format!(r#"<p role="status">{sentence}</p>{more}"#))
    }

    fn frame(&self, checkout: &Payment, body: &str) -> Reply {
        let summary = format!(
            r#"<style>{STYLE}</style><section class="due mp"><p>{}</p><p class="amount">{}</p><p class="small">{} {}</p></section>"#,
            escape(&checkout.description),
            amount(checkout),
            self.texts.reference,
            escape(&checkout.order),
        );
        let mut reply = page(words_of(self.request), "Mercado Pago", &format!("{summary}{body}"));
        reply.status = StatusCode::OK;
        reply
    }

    fn way_back(&self, checkout: &Payment, outcome: &str) -> String {
        match self.back_url(checkout, outcome) {
            Some(url) => format!(r#"<p><a href="{}">{}</a></p>"#, escape(&url), self.texts.go_back),
            None => String::new(),
        }
    }

    /// The merchant's address with what the gateway adds to it (facts 3.2); what is missing is the text `null`.
    fn back_url(&self, checkout: &Payment, outcome: &str) -> Option<String> {
        let online = orders::online(&checkout.extra);
        let of_order = online
            .get(&format!("{outcome}_url"))
            .and_then(serde_json::Value::as_str);
        let url = checkout::back_url(&checkout.extra, outcome).or(of_order)?;
        let last = books::tries_of(self.desk, checkout).pop();
        let id = last.as_ref().map_or("null".to_owned(), |last| last.id.to_string());
        let status = last.as_ref().map_or("null".to_owned(), |last| last.words(checkout).0);
        let kind = last.as_ref().map_or("null", |last| last.means.kind());
        let basket = checkout::merchant_order_id(self.desk, checkout).to_string();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("collection_id", id.as_str()),
                ("collection_status", &status),
                ("payment_id", &id),
                ("status", &status),
                ("external_reference", &checkout.order),
                ("payment_type", kind),
                ("merchant_order_id", &basket),
                ("preference_id", &checkout.id),
                ("site_id", SITE_ID),
                ("processing_mode", "aggregator"),
                ("merchant_account_id", "null"),
            ])
            .finish();
        let separator = if url.contains('?') { '&' } else { '?' };
        Some(format!("{url}{separator}{query}"))
    }
}

const STYLE: &str = ".mp{border-top:.35rem solid #2d3277}
label{display:block;font-size:.875rem;color:var(--soft);margin-bottom:.15rem}.check{font-size:1rem;color:inherit}
input:not([type=checkbox]),select{font:inherit;width:100%;min-height:2.7rem;padding:.35rem .7rem;border:1px solid var(--line);border-radius:.75rem;background:var(--paper);color:inherit}
.pair{display:flex;gap:.6rem}.pair span{flex:1;min-width:0}
.reference{font:700 1.35rem/1.4 ui-monospace,monospace;letter-spacing:.04em}
.bad{border:1px solid #b3261e;border-radius:.75rem;padding:.6rem .8rem}
button{padding:.35rem .6rem}";
