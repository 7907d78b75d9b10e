//! Mercado Pago's webhooks at the addresses of the Pagos Hotspot API, which all companies share (facts:
//! pagos-hotspot-api 6.2). What they say goes the way of every webhook; the answer says nothing.

use super::input::Nothing;
use super::operation::{Answered, Ask, Auth, Body, Operation, Pace, Refusal, operation};
use super::shape::{Moment, answer};
use crate::company::GatewayName;
use crate::payment::shared_hook::Heard;

pub(super) static OPERATIONS: &[Operation] = &[
    operation! {
        post "/api/v1/webhook", Auth::Open, Pace::Free, "Webhooks", "Hear a notification of Mercado Pago",
        Nothing => hear, -> 200 Received: "It was heard", body Body::Raw,
        fails [401 "No account's secret made the signature", 429 "Too many that were not believed"]
    },
    operation! {
        post "/api/v1/webhook/mercado-pago", Auth::Open, Pace::Free, "Webhooks", "Hear a notification of Mercado Pago",
        Nothing => hear, -> 200 Received: "It was heard", body Body::Raw,
        fails [401 "No account's secret made the signature", 429 "Too many that were not believed"]
    },
];

answer! {
    pub struct Received {
        pub status: &'static str,
        pub message: String,
        pub received_at: Moment,
    }
}

async fn hear(ask: &Ask<'_>, _: Nothing) -> Result<Answered<Received>, Refusal> {
    let (headers, query) = (&ask.head.headers, ask.head.uri.query());
    let heard = ask
        .relay
        .hear_shared(GatewayName::Mercadopago, headers, query, ask.body.clone())
        .await;
    match heard {
        Heard::Taken => Ok(Answered::ok(Received {
            status: "received",
            message: ask.say("webhook-received"),
            received_at: Moment(ask.relay.now()),
        })),
        Heard::NotBelieved => Err(match ask.limits.refused(ask.sender) {
            Ok(()) => Refusal::new(ask, 401, "webhook-not-believed"),
            Err(wait_s) => Refusal::later(ask, 429, "too-often", wait_s),
        }),
        Heard::NotNow => Err(Refusal::later(ask, 503, "busy-now", RETRY_AFTER_S)),
    }
}

/// It comes again after a quarter of an hour in any case.
const RETRY_AFTER_S: u32 = 30;
