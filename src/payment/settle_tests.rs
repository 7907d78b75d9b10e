//! When a gateway is asked again, and what of its words is kept.

use proptest::prelude::*;

use super::*;

#[test]
fn backoff_grows_to_five_minutes() {
    assert_eq!(backoff(0), SignedDuration::from_secs(2));
    assert_eq!(backoff(1_000), SignedDuration::from_mins(5));
}

proptest! {
    #[test]
    fn a_gateways_words_stay_on_one_short_line(text in ".*") {
        let line = shown(&text);
        prop_assert!(line.chars().count() <= SHOWN_CHARS && !line.chars().any(char::is_control));
    }
}
