//! What a company's bot says on Telegram, and how it is said: the texts of notices in Telegram's HTML, the call of
//! `sendMessage`, and what its answers mean (facts: pagos-hotspot-api 8.5; core.telegram.org/bots/api). Pure: nothing
//! is looked up or sent.
//!
//! Every value from elsewhere is cut to one line and escaped: a `<` in a buyer's name must not lose the notice.

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::sale::{Speaker, joined, one_line};
use crate::company::Language;
use crate::html::escape;
use crate::ids::OrderRef;
use crate::order::PlanSnapshot;
use crate::reason::Reason;
use crate::telegram::{TelegramChat, Verdict};
use crate::voucher::{UserMode, Voucher};

/// A sale, taken or refused.
#[derive(Clone, Copy, Debug)]
pub struct SaleNews<'a> {
    pub company: &'a str,
    /// The gateway as people call it.
    pub gateway: &'a str,
    pub plan: &'a PlanSnapshot,
    pub reference: &'a OrderRef,
    pub gateway_reference: Option<&'a str>,
    /// Who pays, as far as that is known.
    pub customer: Option<&'a str>,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
}

/// A sale that was paid; `voucher` is what was made for it, if anything was.
pub fn sold(language: Language, news: &SaleNews<'_>, voucher: Option<&Voucher>) -> String {
    let say = Speaker { language };
    let mut lines = headed(say, "telegram-sold", news);
    if let Some(voucher) = voucher {
        lines.push(String::new());
        lines.extend(credentials(say, voucher));
    }
    joined(&lines)
}

/// A sale that came to nothing, and why where that is known.
pub fn refused(language: Language, news: &SaleNews<'_>, reason: Option<&Reason>) -> String {
    let say = Speaker { language };
    let mut lines = headed(say, "telegram-refused", news);
    if let Some(reason) = reason {
        lines.push(say_line(say, "telegram-reason", &reason.what(language)));
    }
    joined(&lines)
}

/// What shows that bot and chat belong together.
pub fn test_message(language: Language, company: &str) -> String {
    let say = Speaker { language };
    escape(&say.with("telegram-test", &[("company", one_line(company))]))
}

/// Subject and text of the one mail that tells the operator that Telegram refuses his bot.
pub fn refusal_mail(language: Language, company: &str, words: &str) -> (String, String) {
    let say = Speaker { language };
    let values = [("company", one_line(company)), ("words", one_line(words))];
    let text = [say.with("telegram-fault", &values), say.with("telegram-fault-do", &[])];
    (say.with("telegram-fault-subject", &[]), joined(&text))
}

/// The address of `sendMessage` for a bot. It holds the token: it is never shown.
pub fn address(base: &str, chat: &TelegramChat) -> String {
    let token = chat.token.expose_secret();
    format!("{}/bot{token}/sendMessage", base.trim_end_matches('/'))
}

pub fn body(chat: &TelegramChat, text: &str) -> Value {
    json!({
        "chat_id": chat.chat_id,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
    })
}

/// What an answer means. Telegram says everything in its JSON; the status repeats it.
pub fn verdict(status: u16, retry_after_s: Option<u32>, body: &[u8]) -> Verdict {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = answer.get("description").and_then(Value::as_str);
    let words = words.map_or_else(|| format!("HTTP {status}"), one_line);
    let asked = answer.pointer("/parameters/retry_after").and_then(Value::as_i64);
    match status {
        200..=299 if answer.get("ok") == Some(&Value::Bool(true)) => Verdict::Sent,
        429 => {
            let seconds = asked.or(retry_after_s.map(i64::from)).unwrap_or(USUAL_PAUSE_S);
            Verdict::Busy(SignedDuration::from_secs(seconds.clamp(1, LONGEST_PAUSE_S)))
        }
        // 404: no bot has this token. 400: the chat is unknown, or moved to another id.
        400 | 401 | 403 | 404 => {
            let moved = answer.pointer("/parameters/migrate_to_chat_id").and_then(Value::as_i64);
            Verdict::Refused(moved.map_or(words.clone(), |id| format!("{words} (chat_id {id})")))
        }
        _ => Verdict::Failed(words),
    }
}

fn headed(say: Speaker, title: &str, news: &SaleNews<'_>) -> Vec<String> {
    let title = say.with(title, &[("company", one_line(news.company))]);
    let mut lines = vec![format!("<b>{}</b>", escape(&title)), String::new()];
    lines.push(say_line(say, "line-plan", &news.plan.label));
    lines.push(say_line(say, "line-price", &news.plan.price.for_people(say.language)));
    let known = [
        ("telegram-customer", news.customer),
        ("telegram-email", news.email),
        ("line-phone", news.phone),
        ("line-gateway", Some(news.gateway).filter(|name| !name.is_empty())),
        ("line-gateway-reference", news.gateway_reference),
        ("line-order", Some(news.reference.as_str())),
    ];
    lines.extend(
        known
            .into_iter()
            .filter_map(|(id, value)| Some(say_line(say, id, value?))),
    );
    lines
}

/// A PIN is its user name; its password is empty.
fn credentials(say: Speaker, voucher: &Voucher) -> Vec<String> {
    let (name, password) = (voucher.username.expose_secret(), voucher.password.expose_secret());
    match voucher.mode {
        UserMode::Vc => vec![say_line(say, "line-code", name)],
        UserMode::Pin => vec![say_line(say, "telegram-pin", name)],
        UserMode::Up => vec![
            say_line(say, "line-user", name),
            say_line(say, "line-password", password),
        ],
    }
}

fn say_line(say: Speaker, id: &str, value: &str) -> String {
    escape(&say.line(id, value))
}

/// Where a 429 does not say how long.
const USUAL_PAUSE_S: i64 = 30;
/// More is no pause but a refusal; a notice is a day old by then and no news.
const LONGEST_PAUSE_S: i64 = 6 * 3600;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, Money};
    use crate::plan::{DataLimit, TimeLimit};

    fn told<T>(say: impl FnOnce(&SaleNews<'_>) -> T) -> T {
        let plan = PlanSnapshot {
            plan: None,
            label: "Un día & <noche>".to_owned(),
            profile: "dia".to_owned(),
            price: Money::from_minor(3550, Currency::Mxn),
            time: TimeLimit { seconds: 86_400 },
            data: DataLimit::NONE,
        };
        let reference = OrderRef::new("7K3M9PQ2RSTVWX");
        say(&SaleNews {
            company: "WiFi <Plaza>",
            gateway: "Conekta",
            plan: &plan,
            reference: &reference,
            gateway_reference: Some("ord_2abc"),
            customer: Some("Rosa <b>Vega</b> & Hijos\n"),
            email: Some("rosa@example.com"),
            phone: None,
        })
    }

    fn voucher(mode: UserMode, password: &str) -> Voucher {
        Voucher {
            username: "QX4T7Z".into(),
            password: password.into(),
            mode,
            comment: String::new(),
        }
    }

    #[test]
    fn a_sale_names_everything_that_a_buyer_who_calls_asks_for() {
        let text = told(|news| sold(Language::Es, news, Some(&voucher(UserMode::Up, "0831"))));
        assert_eq!(
            text,
            "<b>WiFi &lt;Plaza&gt;: venta aprobada</b>\n\n\
             Plan: Un día &amp; &lt;noche&gt;\n\
             Precio: 35.50\u{a0}MXN\n\
             Cliente: Rosa &lt;b&gt;Vega&lt;/b&gt; &amp; Hijos\n\
             Correo: rosa@example.com\n\
             Pagado con: Conekta\n\
             Referencia del pago: ord_2abc\n\
             Referencia: 7K3M9PQ2RSTVWX\n\n\
             Usuario: QX4T7Z\n\
             Contraseña: 0831\n"
        );
    }

    #[test]
    fn p15_a_pin_is_shown_and_names_are_escaped() {
        for language in Language::ALL {
            let text = told(|news| sold(language, news, Some(&voucher(UserMode::Pin, ""))));
            assert!(
                text.lines().any(|line| line == "PIN: QX4T7Z" || line == "PIN : QX4T7Z"),
                "{text}"
            );
            let refusal = told(|news| refused(language, news, None));
            for text in [text, refusal] {
                let tags = text.replace("<b>", "").replacen("</b>", "", 1);
                assert!(!tags.contains('<'), "{text}");
                assert!(text.contains("Rosa &lt;b&gt;Vega"), "{text}");
            }
        }
    }

    #[test]
    fn every_text_speaks_every_language_without_gaps() {
        for language in Language::ALL {
            let reason = Reason::Unexplained;
            let texts = [
                told(|news| sold(language, news, Some(&voucher(UserMode::Vc, "QX4T7Z")))),
                told(|news| refused(language, news, Some(&reason))),
                test_message(language, "WiFi <Plaza>"),
                refusal_mail(language, "WiFi Plaza", "Unauthorized").1,
            ];
            for text in texts {
                assert!(!text.contains(['{', '}', '$']), "{text}");
                assert!(!text.contains("telegram-") && !text.contains("line-"), "{text}");
            }
        }
    }

    #[test]
    fn answers_mean_what_telegram_says() {
        let refused = |words: &str| Verdict::Refused(words.to_owned());
        let busy = |seconds| Verdict::Busy(SignedDuration::from_secs(seconds));
        let cases: [(u16, Option<u32>, &str, Verdict); 11] = [
            (200, None, r#"{"ok":true,"result":{"message_id":1}}"#, Verdict::Sent),
            (
                200,
                None,
                "<html>a portal in between</html>",
                Verdict::Failed("HTTP 200".to_owned()),
            ),
            (
                429,
                None,
                r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":7}}"#,
                busy(7),
            ),
            (429, Some(9), "", busy(9)),
            (429, None, "", busy(30)),
            (429, Some(u32::MAX), "", busy(6 * 3600)),
            (
                401,
                None,
                r#"{"ok":false,"description":"Unauthorized"}"#,
                refused("Unauthorized"),
            ),
            (
                403,
                None,
                r#"{"ok":false,"description":"Forbidden: bot was blocked by the user"}"#,
                refused("Forbidden: bot was blocked by the user"),
            ),
            (
                400,
                None,
                r#"{"ok":false,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-100123}}"#,
                refused("Bad Request: group chat was upgraded (chat_id -100123)"),
            ),
            (
                404,
                None,
                r#"{"ok":false,"description":"Not Found"}"#,
                refused("Not Found"),
            ),
            (502, None, "", Verdict::Failed("HTTP 502".to_owned())),
        ];
        for (status, retry_after_s, body, expected) in cases {
            assert_eq!(
                verdict(status, retry_after_s, body.as_bytes()),
                expected,
                "{status} {body}"
            );
        }
    }
}
