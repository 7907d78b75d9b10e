//! The mobile-money networks FeexPay serves, by country. Facts: `gateways-west-africa.md` 4.2 and 4.6.
//!
//! Prefixes only pre-select a network in the form; nothing is refused by them.

use super::Network;

/// What a phone form in this country (ISO 3166 alpha-2) offers; empty where FeexPay does not serve.
pub fn of_country(country: &str) -> Vec<Network> {
    let country = country.to_ascii_uppercase();
    NETWORKS
        .iter()
        .filter(|(served, _)| *served == country)
        .map(|(_, network)| network.clone())
        .collect()
}

/// A network by the gateway's own name for it.
pub fn known(country: &str, id: &str) -> Option<Network> {
    of_country(country).into_iter().find(|network| network.id == id)
}

const fn network(id: &'static str, title: &'static str, prefixes: &'static [&'static str]) -> Network {
    Network {
        id,
        title,
        prefixes,
        wants_otp: false,
    }
}

/// Coris (Benin) is left out: its code is sent only after the first call, and the form has one step.
const NETWORKS: [(&str, Network); 18] = [
    ("BJ", network("mtn", "MTN MoMo", &MTN_BJ)),
    ("BJ", network("moov", "Moov Money", &MOOV_BJ)),
    ("BJ", network("celtiis_bj", "Celtiis Cash", &CELTIIS_BJ)),
    ("TG", network("togocom_tg", "Mixx by Yas (Togocom)", &[])),
    ("TG", network("moov_tg", "Moov Money", &[])),
    ("CI", network("mtn_ci", "MTN MoMo", &["05"])),
    ("CI", network("moov_ci", "Moov Money", &["01"])),
    ("CI", network("orange_ci", "Orange Money", &["07"])),
    ("CI", network("wave_ci", "Wave", &[])),
    ("SN", network("orange_sn", "Orange Money", &[])),
    ("SN", network("wave_sn", "Wave", &[])),
    ("SN", network("free_sn", "Free Money", &[])),
    ("BF", network("moov_bf", "Moov Money", &[])),
    // The buyer dials *144*4*6*amount# for the code.
    (
        "BF",
        Network {
            wants_otp: true,
            ..network("orange_bf", "Orange Money", &[])
        },
    ),
    ("BF", network("wave_bf", "Wave", &[])),
    ("ML", network("orange_ml", "Orange Money", &[])),
    ("ML", network("mobicash_ml", "Mobicash", &[])),
    ("CG", network("mtn_cg", "MTN MoMo", &[])),
];
/// After the `01` that ten-digit numbers begin with.
const MTN_BJ: [&str; 21] = [
    "0142", "0146", "0150", "0151", "0152", "0153", "0154", "0156", "0157", "0159", "0161", "0162", "0166", "0167",
    "0169", "0190", "0191", "0192", "0193", "0196", "0197",
];
const MOOV_BJ: [&str; 12] = [
    "0145", "0155", "0158", "0160", "0163", "0164", "0165", "0168", "0194", "0195", "0198", "0199",
];
const CELTIIS_BJ: [&str; 5] = ["0140", "0141", "0143", "0144", "0147"];
