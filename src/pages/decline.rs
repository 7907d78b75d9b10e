//! Why a card was refused, in the buyer's words. The gateways give codes; each group of them leads to one thing that
//! a buyer can do. Facts `gateways-latin-america.md` 2.5, 3.5.

/// The text for a gateway's code; `None` for a code, or a sentence, that is shown as it came.
pub fn text_of(code: &str) -> Option<&'static str> {
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
        | "insufficient_data" => "order-decline-details",
        "call_for_authorize" | "card_disabled" => "order-decline-bank",
        "card_type_not_allowed" | "invalid_installments" | "restricted_card" => "order-decline-card",
        "high_risk" | "blacklist" | "by_regulations" | "suspected_fraud" => "order-decline-risk",
        "max_attempts" => "order-decline-often",
        "duplicated_payment" => "order-decline-twice",
        "3ds_challenge" => "order-decline-challenge",
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
            assert!(text_of(&format!("cc_rejected_{suffix}")).is_some(), "{suffix}");
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
        ] {
            assert!(text_of(code).is_some(), "{code}");
        }
        for code in ["", "LOW_BALANCE", "rejected", "cc_rejected_", "a sentence"] {
            assert_eq!(text_of(code), None, "{code}");
        }
    }
}
