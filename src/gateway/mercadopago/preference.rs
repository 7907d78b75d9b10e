//! Preferences: the link a buyer pays at, and the baskets (merchant orders) that come of it.

use serde_json::value::RawValue;

use super::super::answer::{self, Text};
use super::super::call::{Answer, Body, Dialogue};
use super::super::{GatewayError, PaymentKey, PaymentRequest, PaymentStatus, Report, Started};
use super::payment::{self, Payment};
use super::{Api, LINK_LIVES, VOUCHER_LIVES, idempotency_key, later, moment, notification_url, read};

pub fn create(api: Api, request: &PaymentRequest) -> Dialogue<Started> {
    let body = match Preference::body(request) {
        Ok(body) => body,
        Err(error) => return answer::ended(error),
    };
    let key = idempotency_key("preference", &[request.order.as_str()]);
    let wanted = PaymentKey {
        order: request.order.clone(),
        gateway_id: None,
        created_at: request.created_at,
    };
    let call = api.post("checkout/preferences", key, body);
    Dialogue::call(call, move |answer| match read::<Made>(&answer, "preference") {
        Ok(made) => Dialogue::Done(made.report().map(|report| taken_over(told_by(&answer, report)))),
        // An earlier try made one from other settings, such as another public address: it serves as well.
        Err(refusal) if answer.status.as_u16() == 409 => {
            find_again(api, &wanted).then(move |found| Dialogue::Done(started_by_earlier_try(found, refusal)))
        }
        Err(error) => answer::ended(error),
    })
}

/// The page of a preference that was made by a call whose answer was lost. The search's rows hold no address.
pub fn find_again(api: Api, key: &PaymentKey) -> Dialogue<Report> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Found {
        elements: Vec<Row>,
    }
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Row {
        id: Text,
        external_reference: Text,
    }
    let order = key.order.clone();
    let path = format!(
        "checkout/preferences/search?external_reference={}",
        answer::path_segment(order.as_str())
    );
    Dialogue::call(api.get(&path), move |answer| {
        let found: Result<Found, _> = read(&answer, "list of preferences");
        let ours = |row: &Row| answer::order_ref(&row.external_reference).as_ref() == Some(&order);
        let id = found.map(|found| found.elements.into_iter().find(ours).and_then(|row| row.id.owned()));
        match id {
            Ok(Some(id)) => {
                let call = api.get(&format!("checkout/preferences/{}", answer::path_segment(&id)));
                Dialogue::call(call, |answer| {
                    let report = read::<Made>(&answer, "preference").and_then(|made| made.report());
                    Dialogue::Done(report.map(|report| told_by(&answer, report)))
                })
            }
            Ok(None) => answer::ended(GatewayError::NotFound),
            Err(error) => answer::ended(error),
        }
    })
}

/// A basket leads to its payment: the approved one, else the last. What it says itself is a hint.
pub fn look_at_basket(api: Api, id: &str) -> Dialogue<Report> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Basket {
        payments: Vec<Payment>,
        external_reference: Text,
    }
    let call = api.get(&format!("merchant_orders/{}", answer::path_segment(id)));
    Dialogue::call(call, move |answer| {
        let basket: Basket = match read(&answer, "merchant order") {
            Ok(basket) => basket,
            Err(error) => return answer::ended(error),
        };
        // Oldest first here, and the decision wants the newest first.
        let reports = basket.payments.iter().rev().filter_map(|payment| payment.report().ok());
        match payment::decisive(reports.collect()).and_then(|report| report.gateway_id) {
            Some(id) => payment::look(&api, &id),
            None => Dialogue::Done(Ok(Report {
                order: answer::order_ref(&basket.external_reference),
                ..Report::of(PaymentStatus::Pending)
            })),
        }
    })
}

#[derive(serde::Serialize)]
struct Preference<'a> {
    items: [Item<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<Payer<'a>>,
    external_reference: &'a str,
    notification_url: String,
    back_urls: BackUrls<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_return: Option<&'static str>,
    expires: bool,
    expiration_date_to: String,
    date_of_expiration: String,
}

#[derive(serde::Serialize)]
struct Item<'a> {
    id: &'a str,
    title: &'a str,
    quantity: u32,
    /// The digits themselves, so that 15.10 is written as 15.10.
    unit_price: Box<RawValue>,
    currency_id: &'static str,
}

#[derive(serde::Serialize)]
struct Payer<'a> {
    email: &'a str,
}

#[derive(serde::Serialize)]
struct BackUrls<'a> {
    success: &'a str,
    pending: &'a str,
    failure: &'a str,
}

impl Preference<'_> {
    fn body(request: &PaymentRequest) -> Result<Body, GatewayError> {
        let unfit = |_| GatewayError::Refused("the price cannot be written as a number".to_owned());
        let back = request.return_url.as_str();
        let preference = Preference {
            items: [Item {
                id: request.order.as_str(),
                title: &request.description,
                quantity: 1,
                unit_price: RawValue::from_string(request.amount.major_text()).map_err(unfit)?,
                currency_id: request.amount.currency().code(),
            }],
            payer: request.email.as_deref().map(|email| Payer { email }),
            external_reference: request.order.as_str(),
            notification_url: notification_url(&request.order, &request.notify_url)?,
            back_urls: BackUrls {
                success: back,
                pending: back,
                failure: back,
            },
            // Addresses without TLS are dropped, and without one `auto_return` is refused.
            auto_return: back.starts_with("https://").then_some("approved"),
            expires: true,
            expiration_date_to: moment(later(request.created_at, LINK_LIVES)),
            date_of_expiration: moment(later(request.created_at, VOUCHER_LIVES)),
        };
        let raw = serde_json::value::to_raw_value(&preference);
        Ok(Body::Written(raw.map_err(unfit)?))
    }
}

/// A preference as it is answered.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Made {
    id: Text,
    init_point: Text,
    external_reference: Text,
    live_mode: Option<bool>,
}

impl Made {
    /// The address is taken as it is told, never built; the sandbox's is not used (facts 3.2).
    fn report(&self) -> Result<Report, GatewayError> {
        match (self.id.owned(), answer::pay_url(&self.init_point)) {
            (Some(id), Some(url)) => Ok(Report {
                gateway_id: Some(id),
                pay_url: Some(url),
                order: answer::order_ref(&self.external_reference),
                mode: self.live_mode.map(payment::mode),
                ..Report::of(PaymentStatus::Pending)
            }),
            _ => Err(answer::senseless("preference with `init_point`")),
        }
    }
}

/// A report with the words it was told in, where it brings the page to pay on.
pub fn told_by(answer: &Answer, report: Report) -> Report {
    let raw = report.pay_url.as_ref().and_then(|_| answer.json_object());
    Report { raw, ..report }
}

/// A payment as it was made, or found.
pub fn taken_over(report: Report) -> Started {
    Started {
        gateway_id: report.gateway_id,
        pay_url: report.pay_url,
        raw: report.raw,
        ..Started::default()
    }
}

/// The key of a create was used before. What that try made serves as well; where there is nothing, the refusal stands,
/// and where nobody answers, it is unknown.
pub fn started_by_earlier_try(
    found: Result<Report, GatewayError>,
    refusal: GatewayError,
) -> Result<Started, GatewayError> {
    match found {
        Ok(report) => Ok(taken_over(report)),
        Err(GatewayError::NotFound) => Err(refusal),
        Err(error) => Err(error),
    }
}
