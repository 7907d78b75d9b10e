//! Reads what a program asks for by `POST /pagos`, and finds everything that is wrong with it at once. Pure: what it
//! means is looked up in the business records, nothing is called or stored. Source: facts gateways-latin-america 8.

use std::collections::HashMap;

use url::Url;

use super::keys::Caller;
use crate::company::{Account, Company, Directory, GatewayName, Hotspot, Language, Mode, Router};
use crate::gateway::{self, PayMethod};
pub use crate::http_client::guard::Forbidden;
use crate::http_client::outgoing::Outgoing;
use crate::message::is_address;
use crate::money::{Currency, Money, MoneyError};
use crate::order::LinkPayment;
use crate::phone::Phone;
use crate::sorted::Arrange;

/// The fields as they were sent. No `Debug`: a one-time code moves money.
#[derive(Clone, Default)]
pub struct LinkFields(HashMap<&'static str, Field>);

#[derive(Clone)]
enum Field {
    Text(String),
    /// A list or the like where a text belongs.
    NotText,
}

impl LinkFields {
    /// Every name there is; others are ignored.
    pub const NAMES: [&'static str; 15] = [
        "provider",
        "action",
        "amount",
        "currency",
        "reference_id",
        "return_url",
        "notification_url",
        "first_name",
        "last_name",
        "email",
        "phone",
        "network",
        "otp",
        "account",
        "language",
    ];

    /// Takes a value over, unless the name means nothing, has one already, or the value is empty.
    pub fn put(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if let Some(name) = Self::known(name)
            && !value.is_empty()
        {
            self.0.entry(name).or_insert_with(|| Field::Text(value.to_owned()));
        }
    }

    /// Notes that a field holds something that is no text and no number.
    pub fn put_wrong(&mut self, name: &str) {
        if let Some(name) = Self::known(name) {
            self.0.entry(name).or_insert(Field::NotText);
        }
    }

    fn known(name: &str) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|known| *known == name)
    }

    /// The gateway that is named, if it is one.
    pub fn provider(&self) -> Option<GatewayName> {
        match self.0.get("provider") {
            Some(Field::Text(text)) => read_provider(text),
            _ => None,
        }
    }
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    pub field: &'static str,
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    Missing,
    NotText,
    TooLong {
        most: usize,
    },
    NotPlain,
    UnknownProvider,
    UnknownAction,
    /// The company has no account at this gateway, or not this one.
    NoAccount {
        gateway: GatewayName,
    },
    /// Its account lacks something that the operator can give it.
    CannotSell,
    UnknownCurrency,
    NotAnAmount,
    TooFine {
        currency: Currency,
    },
    TooLarge,
    Zero,
    BadUrl,
    ForbiddenUrl(Forbidden),
    BadEmail,
    BadPhone,
    UnknownNetwork {
        known: Vec<&'static str>,
    },
    CodeMissing,
}

/// A request that can be carried out.
pub(super) struct LinkWish {
    pub account: Account,
    pub company: Company,
    /// Whose callback address the gateway is given.
    pub door: (Hotspot, Router),
    pub method: PayMethod,
    pub price: Money,
    pub language: Language,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub network: Option<String>,
    pub otp: Option<String>,
    pub link: LinkPayment,
}

/// Why a request cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Fields(Vec<FieldFault>),
    /// The company has no hotspot: gateways would have nobody to call.
    NoHotspot,
}

pub(super) fn read(
    directory: &Directory,
    outgoing: &Outgoing,
    caller: &Caller,
    fields: &LinkFields,
) -> Result<LinkWish, Unfit> {
    let company = directory.companies.get(&caller.company).ok_or(Unfit::NoHotspot)?;
    let mut reader = Reader {
        fields,
        faults: Vec::new(),
    };
    reader.action();
    let account = reader.account(directory, caller, company);
    let method = account
        .as_ref()
        .map(|account| gateway::of(account).pay_method(account, &company.country));
    let price = reader.price(directory.currency_of(company));
    let is_conekta = reader
        .text("provider")
        .is_some_and(|text| text.eq_ignore_ascii_case("conekta"));
    let link = reader.link(outgoing, is_conekta);
    let email = reader.email();
    let (phone, network, otp) = reader.phone(method.as_ref(), &company.country);
    let language = reader.text("language").as_deref().and_then(Language::from_tag);
    if !reader.faults.is_empty() {
        return Err(Unfit::Fields(reader.faults));
    }
    let (Some(account), Some(method), Some(price), Some(link)) = (account, method, price, link) else {
        // Whatever is absent has left a fault.
        return Err(Unfit::Fields(reader.faults));
    };
    Ok(LinkWish {
        door: door_of(directory, company).ok_or(Unfit::NoHotspot)?,
        company: company.clone(),
        account,
        method,
        price,
        language: language.unwrap_or(company.language),
        email,
        phone,
        network,
        otp,
        link,
    })
}

/// The hotspot through which the gateways reach the company: its first.
fn door_of(directory: &Directory, company: &Company) -> Option<(Hotspot, Router)> {
    let own = directory.hotspots.values().filter(|hotspot| {
        let router = directory.router_of(hotspot);
        router.is_some_and(|router| router.company == company.id)
    });
    let hotspot = own.min_by(|a, b| a.id.cmp(&b.id))?;
    Some((hotspot.clone(), directory.router_of(hotspot)?.clone()))
}

struct Reader<'a> {
    fields: &'a LinkFields,
    faults: Vec<FieldFault>,
}

impl Reader<'_> {
    fn fault<T>(&mut self, field: &'static str, problem: Problem) -> Option<T> {
        self.faults.push(FieldFault { field, problem });
        None
    }

    fn text(&self, field: &'static str) -> Option<String> {
        match self.fields.0.get(field) {
            Some(Field::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// A field of one plain line.
    fn line(&mut self, field: &'static str, most: usize) -> Option<String> {
        if let Some(Field::NotText) = self.fields.0.get(field) {
            return self.fault(field, Problem::NotText);
        }
        let text = self.text(field)?;
        if text.chars().count() > most {
            return self.fault(field, Problem::TooLong { most });
        }
        if text
            .chars()
            .any(|c| c.is_control() || crate::shown::is_invisible_mark(c))
        {
            return self.fault(field, Problem::NotPlain);
        }
        Some(text)
    }

    fn wanted(&mut self, field: &'static str, most: usize) -> Option<String> {
        if !self.fields.0.contains_key(field) {
            return self.fault(field, Problem::Missing);
        }
        self.line(field, most)
    }

    fn action(&mut self) {
        if let Some(action) = self.wanted("action", NAME_CHARS)
            && !action.eq_ignore_ascii_case("create")
        {
            self.faults.push(FieldFault {
                field: "action",
                problem: Problem::UnknownAction,
            });
        }
    }

    /// The account that sells: the one that is named or proven, else the company's first that can, real money first.
    fn account(&mut self, directory: &Directory, caller: &Caller, company: &Company) -> Option<Account> {
        let named = self.line("account", NAME_CHARS);
        let text = self.wanted("provider", NAME_CHARS)?;
        let Some(gateway) = read_provider(&text) else {
            return self.fault("provider", Problem::UnknownProvider);
        };
        let mut accounts = directory.accounts_at(&company.id, gateway);
        accounts.retain(|account| caller.account.as_ref().is_none_or(|proven| proven == &account.id));
        if let Some(named) = named {
            accounts.retain(|account| account.id.as_str() == named);
            if accounts.is_empty() {
                return self.fault("account", Problem::NoAccount { gateway });
            }
        }
        accounts.arrange_by_key(|account| account.mode == Mode::Test);
        let sells = |account: &&&Account| {
            let method = gateway::of(account).pay_method(account, &company.country);
            !matches!(method, PayMethod::Cannot { .. })
        };
        let able = accounts.iter().find(sells);
        match able {
            Some(account) => Some((*account).clone()),
            None if accounts.is_empty() => self.fault("provider", Problem::NoAccount { gateway }),
            None => self.fault("provider", Problem::CannotSell),
        }
    }

    fn price(&mut self, home: Currency) -> Option<Money> {
        let currency = match self.line("currency", NAME_CHARS) {
            None => Some(home),
            Some(text) => match Currency::from_text(&text, home) {
                Some(currency) => Some(currency),
                None => self.fault("currency", Problem::UnknownCurrency),
            },
        };
        let text = self.wanted("amount", AMOUNT_CHARS)?;
        match Money::parse_major(&text, currency?) {
            Ok(price) if price.minor() > 0 => Some(price),
            Ok(_) => self.fault("amount", Problem::Zero),
            Err(MoneyError::NotANumber(_)) => self.fault("amount", Problem::NotAnAmount),
            Err(MoneyError::TooFine { currency, .. }) => self.fault("amount", Problem::TooFine { currency }),
            Err(MoneyError::TooLarge(_)) => self.fault("amount", Problem::TooLarge),
        }
    }

    fn link(&mut self, outgoing: &Outgoing, is_conekta: bool) -> Option<LinkPayment> {
        let reference_id = self.wanted("reference_id", REFERENCE_CHARS);
        let return_url = self.line("return_url", URL_CHARS);
        let return_url = return_url.and_then(|text| self.page(&text, is_conekta));
        let notification_url = self.line("notification_url", URL_CHARS);
        let notification_url = notification_url.and_then(|text| self.receiver(&text, outgoing));
        let (first_name, last_name) = (self.line("first_name", TEXT_CHARS), self.line("last_name", TEXT_CHARS));
        Some(LinkPayment {
            reference_id: reference_id?,
            return_url,
            notification_url,
            first_name,
            last_name,
        })
    }

    /// A page that browsers may be sent to. Where only a site is named, Conekta's documented page of it.
    fn page(&mut self, text: &str, is_conekta: bool) -> Option<String> {
        let fits = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty();
        let Some(mut url) = Url::parse(text).ok().filter(fits) else {
            return self.fault("return_url", Problem::BadUrl);
        };
        if url.password().is_some() {
            return self.fault("return_url", Problem::BadUrl);
        }
        if is_conekta && url.path() == "/" && url.query().is_none() {
            url.set_path(CONEKTA_PAGE);
        }
        Some(url.into())
    }

    /// An address that we may call.
    fn receiver(&mut self, text: &str, outgoing: &Outgoing) -> Option<String> {
        let Ok(mut url) = Url::parse(text) else {
            return self.fault("notification_url", Problem::BadUrl);
        };
        url.set_fragment(None);
        match outgoing.check(&url) {
            Ok(_) => Some(url.into()),
            Err(forbidden) => self.fault("notification_url", Problem::ForbiddenUrl(forbidden)),
        }
    }

    fn email(&mut self) -> Option<String> {
        let text = self.line("email", TEXT_CHARS)?;
        if is_address(&text) {
            Some(text)
        } else {
            self.fault("email", Problem::BadEmail)
        }
    }

    /// The phone that pays, its network and its code, where the gateway rings the phone.
    fn phone(&mut self, method: Option<&PayMethod>, country: &str) -> (Option<String>, Option<String>, Option<String>) {
        let Some(PayMethod::PhoneForm { networks }) = method else {
            return (None, None, None);
        };
        let phone = self
            .wanted("phone", NAME_CHARS)
            .and_then(|text| match Phone::parse(&text, country) {
                Ok(phone) => Some(phone.digits().to_owned()),
                Err(_) => self.fault("phone", Problem::BadPhone),
            });
        let network = self.wanted("network", NAME_CHARS);
        let known = network
            .as_ref()
            .and_then(|id| networks.iter().find(|network| network.id == id));
        if network.is_some() && known.is_none() {
            let known = networks.iter().map(|network| network.id).collect();
            self.faults.push(FieldFault {
                field: "network",
                problem: Problem::UnknownNetwork { known },
            });
        }
        let otp = self.line("otp", NAME_CHARS);
        if known.is_some_and(|network| network.wants_otp) && otp.is_none() {
            self.faults.push(FieldFault {
                field: "otp",
                problem: Problem::CodeMissing,
            });
        }
        (phone, network, otp)
    }
}

/// `mp` is the documented short name of Mercado Pago.
fn read_provider(text: &str) -> Option<GatewayName> {
    match text.to_ascii_lowercase().as_str() {
        "mp" => GatewayName::from_text("mercadopago"),
        name => GatewayName::from_text(name),
    }
}

/// Facts, section 8: where a site's domain is given, this is appended.
const CONEKTA_PAGE: &str = "/conekta/conekta_order";
const NAME_CHARS: usize = 64;
/// Longer than any amount.
const AMOUNT_CHARS: usize = 40;
/// It is shown to the buyer and becomes a line of the gateway's page.
const REFERENCE_CHARS: usize = 100;
const TEXT_CHARS: usize = 254;
const URL_CHARS: usize = 2048;

#[cfg(test)]
#[path = "link_fields_tests.rs"]
mod tests;
