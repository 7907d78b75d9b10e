//! Card tokens of which the name decides: `tok_<outcome>`, or `tok_<outcome>-<anything>` where several are wanted.
//! Each is good for one charge, as a real one is.
//!
//! | outcome | what becomes of the charge |
//! |---|---|
//! | `ok` | paid |
//! | `frictionless` | paid after a 3-D Secure check that nobody sees |
//! | `declined` | the bank refuses |
//! | `insufficient_funds` | refused for lack of money |
//! | `fraud` | refused by the gateway's own judgement |
//! | `challenge` | the bank wants to see the buyer (3-D Secure): pending, with an address |
//! | `pending` | pending until a control of the simulator decides |
//! | `in_process` | in review until a control decides (Conekta: as `pending`) |
//! | `authorized` | held on the card and not taken |
//! | `lost` | paid, and the answer never comes |
//! | `lost_declined` | refused, and the answer never comes |
//! | `invalid` | the gateway does not know the token; so with every other text |
//!
//! Not imitated: that `binary_mode` keeps Mercado Pago from pending payments, and that Conekta wants a phone number of
//! every customer.

/// What a token makes of its charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Paid,
    Declined,
    InsufficientFunds,
    Fraud,
    Challenge,
    Pending,
    InProcess,
    Authorized,
}

/// A token read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardToken {
    pub outcome: Outcome,
    /// The charge takes effect and is not answered.
    pub is_lost: bool,
}

impl CardToken {
    pub fn read(text: &str) -> Option<Self> {
        let name = text.strip_prefix("tok_")?;
        let name = name.split_once('-').map_or(name, |(name, _)| name);
        let (outcome, is_lost) = match name {
            "ok" | "frictionless" => (Outcome::Paid, false),
            "declined" => (Outcome::Declined, false),
            "insufficient_funds" => (Outcome::InsufficientFunds, false),
            "fraud" => (Outcome::Fraud, false),
            "challenge" => (Outcome::Challenge, false),
            "pending" => (Outcome::Pending, false),
            "in_process" => (Outcome::InProcess, false),
            "authorized" => (Outcome::Authorized, false),
            "lost" => (Outcome::Paid, true),
            "lost_declined" => (Outcome::Declined, true),
            _ => return None,
        };
        Some(Self { outcome, is_lost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tokens_name_decides() {
        let read = |text| CardToken::read(text).map(|token| (token.outcome, token.is_lost));
        assert_eq!(read("tok_ok"), Some((Outcome::Paid, false)));
        assert_eq!(read("tok_ok-17"), read("tok_ok"));
        assert_eq!(read("tok_lost-x-y"), Some((Outcome::Paid, true)));
        assert_eq!(read("tok_in_process"), Some((Outcome::InProcess, false)));
        for text in ["tok_invalid", "tok_", "ok", "", "tok_test_visa_4242"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
