//! Why a card was refused, in the buyer's words. The gateways give codes; each group of them leads to one thing that
//! a buyer can do. Facts `gateways-latin-america.md` 2.5, 2.6, 3.5; Conekta publishes no whole list, so its codes for
//! mistyped and blocked cards are guesses that fall on the same groups.

use crate::company::GatewayName;

/// The text for what a gateway said; `None` for a sentence that is shown as it came.
pub fn text_of(gateway: GatewayName, code: &str) -> Option<&'static str> {
    match gateway {
        // They give codes to programs, and sentences in Spanish alone: neither is for buyers.
        GatewayName::Conekta | GatewayName::Mercadopago => Some(known(code).unwrap_or("order-decline-other")),
        _ => known(code),
    }
}

fn known(code: &str) -> Option<&'static str> {
    let bare = ["cc_rejected_", "rejected_"]
        .iter()
        .find_map(|start| code.strip_prefix(start))
        .unwrap_or(code);
    Some(match bare {
        "insufficient_amount" | "insufficient_funds" => "order-decline-funds",
        "bad_filled_card_number"
        | "bad_filled_date"
        | "bad_filled_other"
        | "bad_filled_security_code"
        | "expired_card"
        | "insufficient_data"
        | "invalid_cvc"
        | "invalid_expiry_month"
        | "invalid_expiry_year"
        | "invalid_number" => "order-decline-details",
        "call_for_authorize" | "card_disabled" => "order-decline-bank",
        "card_type_not_allowed" | "invalid_installments" | "restricted_card" | "lost_card" | "stolen_card" => {
            "order-decline-card"
        }
        "high_risk" | "blacklist" | "by_regulations" | "suspected_fraud" | "suspicious_behaviour" => {
            "order-decline-risk"
        }
        "max_attempts" => "order-decline-often",
        "duplicated_payment" => "order-decline-twice",
        "3ds_challenge" | "three_ds_failed" => "order-decline-challenge",
        "other_reason" | "by_bank" | "bank_error" | "card_error" | "card_declined" | "time_out" => {
            "order-decline-other"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_facts_has_words_and_nothing_else_has() {
        for suffix in [
            "bad_filled_card_number",
            "bad_filled_date",
            "bad_filled_other",
            "bad_filled_security_code",
            "blacklist",
            "call_for_authorize",
            "card_disabled",
            "card_error",
            "card_type_not_allowed",
            "duplicated_payment",
            "high_risk",
            "insufficient_amount",
            "invalid_installments",
            "max_attempts",
            "other_reason",
            "time_out",
            "3ds_challenge",
        ] {
            assert!(known(&format!("cc_rejected_{suffix}")).is_some(), "{suffix}");
        }
        for code in [
            "rejected_by_bank",
            "rejected_by_regulations",
            "rejected_high_risk",
            "rejected_insufficient_data",
            "rejected_other_reason",
            "bank_error",
            "insufficient_amount",
            "insufficient_funds",
            "suspected_fraud",
            "restricted_card",
            "card_declined",
            "suspicious_behaviour",
        ] {
            assert!(known(code).is_some(), "{code}");
        }
        for code in ["", "LOW_BALANCE", "rejected", "cc_rejected_", "a sentence"] {
            assert_eq!(text_of(GatewayName::Feexpay, code), None, "{code}");
        }
    }

    #[test]
    fn what_the_card_gateways_say_is_never_shown_to_a_buyer() {
        for gateway in [GatewayName::Conekta, GatewayName::Mercadopago] {
            for (said, text) in [
                ("insufficient_funds", "order-decline-funds"),
                ("Tarjeta declinada por el banco emisor", "order-decline-other"),
                ("a_code_of_next_year", "order-decline-other"),
                ("", "order-decline-other"),
            ] {
                assert_eq!(text_of(gateway, said), Some(text), "{said}");
            }
        }
    }
}
