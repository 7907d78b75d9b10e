//! Sends mails through a server as the relay does and prints what came of each, one line per message:
//! `sent`, `later: …` or `never: …`. Used by `tests/interop/smtp_peer.py`; handy for trying a mail server.
//!
//! Reads JSON from standard input:
//! `{"host","port","security":"starttls|tls|off","user","password","ca_file","from","messages":[…]}`, where a
//! message is `{"recipient","subject","text","message_id"}` or `{"recipient","message_id","sale":{…}}`, the
//! latter with a text made from `language`, `to` (`operator` or `buyer`), `company`, `label` and `phone`.

use std::error::Error;
use std::io::Read;
use std::path::PathBuf;

use mikrelay::company::Language;
use mikrelay::ids::{CompanyId, OrderRef};
use mikrelay::message::Message;
use mikrelay::money::{Currency, Money};
use mikrelay::notify::mail::{Login, Mailer, Retry, Security, Settings};
use mikrelay::notify::sale::{self, SaleNotice};
use mikrelay::order::PlanSnapshot;
use mikrelay::plan::{DataLimit, TimeLimit};
use mikrelay::voucher::{UserMode, Voucher};

#[derive(serde::Deserialize)]
struct Input {
    host: String,
    port: u16,
    security: String,
    user: Option<String>,
    password: Option<String>,
    ca_file: Option<PathBuf>,
    from: String,
    messages: Vec<Letter>,
}

#[derive(serde::Deserialize)]
struct Letter {
    recipient: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    text: String,
    message_id: String,
    sale: Option<Sale>,
}

#[derive(serde::Deserialize)]
struct Sale {
    language: Language,
    to: String,
    company: String,
    label: String,
    phone: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut json = String::new();
    std::io::stdin().read_to_string(&mut json)?;
    let input: Input = serde_json::from_str(&json)?;
    let mailer = Mailer::smtp(&settings(&input)?)?;
    for letter in &input.messages {
        match mailer.send(&message(letter)?).await {
            Ok(()) => println!("sent"),
            Err(error) if error.retry() == Retry::Later => println!("later: {error}"),
            Err(error) => println!("never: {error}"),
        }
    }
    Ok(())
}

fn settings(input: &Input) -> Result<Settings, Box<dyn Error>> {
    let security = match input.security.as_str() {
        "starttls" => Security::StartTls,
        "tls" => Security::Tls,
        "off" => Security::Off,
        other => return Err(format!("`{other}` is no security; write `starttls`, `tls` or `off`").into()),
    };
    let login = input.user.clone().zip(input.password.clone());
    Ok(Settings {
        host: input.host.clone(),
        port: input.port,
        security,
        login: login.map(|(user, password)| Login {
            user,
            password: mikrelay::config::Password::Given(password.into()),
        }),
        from: input.from.clone(),
        ca_file: input.ca_file.clone(),
    })
}

fn message(letter: &Letter) -> Result<Message, Box<dyn Error>> {
    let (subject, text) = letter
        .sale
        .as_ref()
        .map_or_else(|| (letter.subject.clone(), letter.text.clone()), written);
    Ok(Message {
        company: CompanyId::new("cyber-awa"),
        order: None,
        recipient: letter.recipient.clone(),
        subject,
        text,
        message_id: letter.message_id.clone(),
        created_at: "2026-11-02T19:19:00Z".parse()?,
    })
}

fn written(sale: &Sale) -> (String, String) {
    let plan = PlanSnapshot {
        plan: None,
        label: sale.label.clone(),
        profile: "4H".to_owned(),
        price: Money::from_minor(100, Currency::Xof),
        time: TimeLimit { seconds: 14_400 },
        data: DataLimit::NONE,
    };
    let code = "mmk7p2qz";
    let voucher = Voucher {
        username: code.into(),
        password: code.into(),
        mode: UserMode::Vc,
        comment: "vc-417-11.02.26-".to_owned(),
    };
    let reference = OrderRef::new("7K3M9PQ2RSTVWX");
    let notice = SaleNotice {
        company: &sale.company,
        hotspot: "hotspot1",
        gateway: "FedaPay",
        plan: &plan,
        reference: &reference,
        gateway_reference: Some("104015"),
        phone: Some(&sale.phone),
        mac: Some("02:00:00:00:00:01"),
        voucher: &voucher,
        dns_name: Some("wifi.example.net"),
    };
    if sale.to == "buyer" {
        sale::buyer_mail(sale.language, &notice)
    } else {
        sale::operator_mail(sale.language, &notice)
    }
}
