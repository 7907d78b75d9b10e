//! The integration tests: one binary, so that the crates are linked once.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

mod acme;
mod admin;
mod architecture;
mod arrival;
mod card_api;
mod card_once;
mod card_sale;
mod card_support;
mod command_line;
mod conekta;
mod console;
mod crossed;
mod doctor;
mod doctor_machine;
mod doctor_router;
mod endpoints;
mod gateways;
mod generated;
mod hotspot_api;
mod http;
mod import_commands;
mod import_pages;
mod injection;
mod kit;
mod leaks;
mod ledger;
mod mercadopago;
mod mikhmon;
mod mikhmon_expiry;
mod mikhmon_reader;
mod office;
mod operator;
mod pagos;
mod payment;
mod portal;
mod process;
mod reconnect;
mod refunds;
mod retention;
mod router_check;
mod router_client;
mod router_reads;
mod router_sim;
mod sales;
mod script;
mod serve_http;
mod serve_stops;
mod settings;
mod site;
mod store;
mod support;
mod telegram;
mod tenancy;
mod tls;
mod unplaced;
